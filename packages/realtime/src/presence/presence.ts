import type { Connection } from '../connection/connection.js';
import { GraceQueue } from './grace-queue.js';
import type { ResolvedPresenceLimits } from './limits.js';
import { type PresenceEntry, type PresenceMember, Roster } from './roster.js';

/**
 * Who is in the channels of one hub.
 *
 * A member is a subject, however many connections it has: it joins with the first and leaves a short time after the last. Joining and
 * leaving cost the same at any number of members, apart from telling those who asked. Each hub knows its own clients alone.
 */
export class Presence {
  private readonly rosters = new Map<string, Roster>();
  private readonly limits: ResolvedPresenceLimits;
  private readonly graces: GraceQueue;

  constructor(limits: ResolvedPresenceLimits) {
    this.limits = limits;
    this.graces = new GraceQueue(limits.graceMs);
  }

  /** The members of a channel, in the order in which they came. */
  members(channel: string): readonly PresenceMember[] {
    return this.rosters.get(channel)?.members() ?? [];
  }

  /** Puts a connection into a channel's roster, until it ends. */
  join(connection: Connection, channel: string, entry: PresenceEntry): void {
    let roster = this.rosters.get(channel);
    if (roster === undefined) {
      roster = new Roster(channel, this.limits.maxListed);
      this.rosters.set(channel, roster);
    }
    const here = roster;
    here.join(connection, entry);
    connection.ws.once('close', () => {
      const end = here.leave(connection, entry.id);
      if (end === undefined) return;
      this.graces.put(() => {
        end();
        if (here.empty && this.rosters.get(channel) === here) this.rosters.delete(channel);
      });
    });
  }

  /** Nobody is told anything any more. */
  stop(): void {
    this.graces.stop();
    this.rosters.clear();
  }
}
