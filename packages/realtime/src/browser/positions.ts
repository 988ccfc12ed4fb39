/** Where this client is in one channel: it has everything up to the offset. */
export interface KnownPosition {
  readonly channel: string;
  /** Names the offsets: they mean something only together with it. */
  readonly epoch: string;
  readonly offset: number;
}

/** What a message is of. Both are left out for messages without an offset. */
export interface MessagePosition {
  readonly channel?: string;
  readonly offset?: number;
}

/** A stretch of a channel that the server left out because this client read too slowly. */
export interface Skipped {
  readonly channel: string;
  /** What came after this offset, up to `to`, is missing; left out by a server without a history. */
  readonly from?: number;
  readonly to?: number;
}

/**
 * Remembers how far this client is in each channel that the server's first message named: to go on there after a loss, and to leave out
 * what it has already.
 */
export class Positions {
  private readonly known = new Map<string, { readonly epoch: string; offset: number }>();

  /** Those that a server can be asked to go on from. */
  list(): readonly KnownPosition[] {
    return [...this.known].flatMap(([channel, { epoch, offset }]) => (offset < 0 ? [] : [{ channel, epoch, offset }]));
  }

  /**
   * Puts `offset` and `epoch` into an address: for a client in one channel in place of those that it has, otherwise behind a `channel`
   * each.
   */
  addTo(address: string): string {
    const positions = this.list();
    const base = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
    if (positions.length === 0 || !URL.canParse(address, base)) return address;
    const url = new URL(address, base);
    const { searchParams: query } = url;
    query.delete('offset');
    query.delete('epoch');
    for (const { channel, offset, epoch } of positions) {
      if (this.known.size > 1) query.append('channel', channel);
      query.append('offset', String(offset));
      query.append('epoch', epoch);
    }
    return url.href;
  }

  /** Takes the first message of a link; true when every channel goes on where it was. A server without a history knows of none. */
  begin(message: unknown): boolean {
    const joined = joinedOf(message);
    this.known.clear();
    for (const { channel, epoch, offset } of joined) this.known.set(channel, { epoch, offset: offset ?? -1 });
    return joined.length > 0 && joined.every(({ recovered }) => recovered);
  }

  /** What a message is of, or `had` when this client has it already. */
  take(message: unknown): MessagePosition | 'had' {
    if (!isObject(message) || typeof message.offset !== 'number') return {};
    const { offset } = message;
    const channel = this.channelOf(message);
    const position = channel === undefined ? undefined : this.known.get(channel);
    if (channel === undefined || position === undefined) return {};
    if (offset <= position.offset) return 'had';
    position.offset = offset;
    return { channel, offset };
  }

  /** What the server left out, when that is what the message says. */
  skipped(message: unknown): Skipped | undefined {
    if (!isObject(message) || message.type !== 'channel.skipped' || typeof message.channel !== 'string')
      return undefined;
    const { channel, from, to } = message;
    if (typeof from !== 'number' || typeof to !== 'number') return { channel };
    const position = this.known.get(channel);
    if (position !== undefined) position.offset = Math.max(position.offset, to);
    return { channel, from, to };
  }

  /** A server names the channel of a message only when there are several. */
  private channelOf(message: Members): string | undefined {
    if (this.known.size === 1) return this.known.keys().next().value;
    return typeof message.channel === 'string' ? message.channel : undefined;
  }
}

interface Joined {
  readonly channel: string;
  readonly epoch: string;
  readonly offset?: number;
  readonly recovered: boolean;
}

function joinedOf(message: unknown): readonly Joined[] {
  const channels = isObject(message) ? message.channels : undefined;
  return Array.isArray(channels) && channels.every(isJoined) ? channels : [];
}

function isJoined(value: unknown): value is Joined {
  return (
    isObject(value) &&
    typeof value.channel === 'string' &&
    typeof value.epoch === 'string' &&
    typeof value.recovered === 'boolean' &&
    (value.offset === undefined || typeof value.offset === 'number')
  );
}

/** The members that are looked at. */
type Members = Readonly<
  Partial<Record<'type' | 'channel' | 'channels' | 'epoch' | 'offset' | 'recovered' | 'from' | 'to', unknown>>
>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}
