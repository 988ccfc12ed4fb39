import type { Connection } from '../connection/connection.js';
import { encodeMessage } from '../frame/encode-message.js';

/** Somebody who is in a channel. */
export interface PresenceMember {
  /** The subject of its identity. */
  readonly id: string;
  /** What the `presence` hook said of it, when it came. */
  readonly info: unknown;
  /** When it came, in ISO 8601. */
  readonly since: string;
}

/** How one connection takes part in the presence of a channel. */
export interface PresenceEntry {
  readonly id: string;
  readonly info: unknown;
  /** Whether it is told who is there, comes and goes. */
  readonly watch: boolean;
}

interface Row extends PresenceMember {
  connections: number;
  /** Counts how often it came back: a grace that began before that is of no account. */
  returns: number;
}

/**
 * Who is in one channel, and who is told. One who watches gets `presence.state` once, then `presence.joined` and `presence.left`; what
 * happens within one tick is sent in one write.
 */
export class Roster {
  readonly channel: string;
  private readonly rows = new Map<string, Row>();
  private readonly watchers = new Set<Connection>();
  private readonly maxListed: number;
  private pending: Buffer[] = [];
  private scheduled: NodeJS.Immediate | undefined;

  constructor(channel: string, maxListed: number) {
    this.channel = channel;
    this.maxListed = maxListed;
  }

  get empty(): boolean {
    return this.rows.size === 0 && this.watchers.size === 0;
  }

  members(): readonly PresenceMember[] {
    return [...this.rows.values()].map(shown);
  }

  join(connection: Connection, { id, info, watch }: PresenceEntry): void {
    const row = this.rows.get(id);
    if (row !== undefined) {
      if (row.connections === 0) row.returns += 1;
      row.connections += 1;
    } else {
      const member = { id, info, since: new Date().toISOString() };
      this.rows.set(id, { ...member, connections: 1, returns: 0 });
      this.tell('presence.joined', { member });
    }
    if (!watch) return;
    // Those who watch already are told first: the new one learns it from the state.
    this.flush();
    connection.write(this.encode('presence.state', { members: this.listed(), total: this.rows.size }), 1);
    this.watchers.add(connection);
  }

  /** Takes a connection out. When it was the last of its member, returns what ends that member's grace. */
  leave(connection: Connection, id: string): (() => void) | undefined {
    this.watchers.delete(connection);
    const row = this.rows.get(id);
    if (row === undefined) return undefined;
    row.connections -= 1;
    if (row.connections > 0) return undefined;
    const { returns } = row;
    return () => {
      if (row.connections > 0 || row.returns !== returns) return;
      this.rows.delete(id);
      this.tell('presence.left', { member: { id } });
    };
  }

  private listed(): PresenceMember[] {
    const listed: PresenceMember[] = [];
    for (const row of this.rows.values()) {
      if (listed.length === this.maxListed) break;
      listed.push(shown(row));
    }
    return listed;
  }

  private tell(type: string, data: object): void {
    if (this.watchers.size === 0) return;
    this.pending.push(this.encode(type, data));
    this.scheduled ??= setImmediate(() => this.flush());
  }

  private flush(): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const { length } = this.pending;
    if (length === 0) return;
    const bytes = Buffer.concat(this.pending);
    this.pending = [];
    for (const watcher of this.watchers) watcher.write(bytes, length);
  }

  private encode(type: string, data: object): Buffer {
    return encodeMessage({ type, data: { channel: this.channel, ...data }, timestamp: new Date().toISOString() });
  }
}

function shown({ id, info, since }: Row): PresenceMember {
  return { id, info, since };
}
