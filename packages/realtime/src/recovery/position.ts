import { toOffset } from '../history/offset.js';

/** Where a client was when it went away. */
export interface ChannelPosition {
  /** Names the offsets. Left out: whatever they are now, so `offset: 0` means from the beginning. */
  readonly epoch?: string;
  /** It has everything up to here. */
  readonly offset: number | bigint;
}

/** A channel to join, and from where. */
export interface ChannelRequest {
  readonly channel: string;
  /** What came after this is sent first. Default: what the address says, see {@link positionsOf}. */
  readonly after?: ChannelPosition;
}

/** What became of a client's wish to go on where it was. */
export interface JoinedChannel {
  readonly channel: string;
  /** Names the offsets. Left out by a hub without a history. */
  readonly epoch?: string;
  /** Everything that comes after this offset will be sent. Left out when it is not known. */
  readonly offset?: number;
  /** False when nothing was asked for, when the epoch is another, or when the history does not reach back so far: load anew. */
  readonly recovered: boolean;
}

/**
 * Reads `?channel=a&offset=12&epoch=e&channel=b&offset=7&epoch=e`: an `offset` and an `epoch` belong to the `channel` before them; those
 * before any channel, to every channel that has none of its own. The last one counts. Offsets that are no whole numbers are passed over.
 */
export function positionsOf(query: URLSearchParams): (channel: string) => ChannelPosition | undefined {
  const found = new Map<string, { epoch?: string; offset?: number }>();
  let current = entry(found, '');
  for (const [name, value] of query) {
    if (name === 'channel') current = entry(found, value);
    else if (name === 'epoch' && value !== '') current.epoch = value;
    else if (name === 'offset' && /^\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value))) {
      current.offset = Number(value);
    }
  }
  return (channel) => complete(found.get(channel)) ?? complete(found.get(''));
}

function entry(found: Map<string, { epoch?: string; offset?: number }>, channel: string) {
  const known = found.get(channel) ?? {};
  found.set(channel, known);
  return known;
}

function complete(found: { epoch?: string; offset?: number } | undefined): ChannelPosition | undefined {
  return found?.offset === undefined ? undefined : { ...found, offset: found.offset };
}

/** Each channel once; a request of a hook wins over the address. Throws `REALTIME_OFFSET_INVALID` for what a hook gave. */
export function requestsOf(
  asked: readonly (string | ChannelRequest)[],
  query: URLSearchParams,
): Map<string, ChannelPosition | undefined> {
  const fromAddress = positionsOf(query);
  const requests = new Map<string, ChannelPosition | undefined>();
  for (const one of asked) {
    const { channel, after } = typeof one === 'string' ? { channel: one } : one;
    if (after !== undefined) requests.set(channel, { ...after, offset: toOffset(after.offset, 0) });
    else if (!requests.has(channel)) requests.set(channel, fromAddress(channel));
  }
  return requests;
}
