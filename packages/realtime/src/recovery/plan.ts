import type { ChannelIndex } from '../channel/channel-index.js';
import type { History } from '../history/history.js';
import type { StoreReader } from '../history/store-reader.js';
import type { ChannelPosition, JoinedChannel } from './position.js';

/** What was found out about a channel before the client is let in. */
export interface JoinPlan {
  readonly channel: string;
  readonly epoch?: string;
  /** Where the client was, when that is of this epoch. */
  readonly after?: number;
  /** The history of the store reaches back to `after`. */
  readonly stored?: boolean;
  /** The channel's last offset by the store. */
  readonly head?: number;
}

/** A channel to put a client into. `offset` −1: it was told none. */
export interface Join {
  readonly channel: string;
  readonly offset: number;
  /** What came after `offset` is to be sent. */
  readonly replay: boolean;
}

/**
 * Asks the store what memory does not know: whether the history reaches back to where a client was, and where a channel is now.
 *
 * Throws `REALTIME_HISTORY_FAILED`, also when it was not answered within `timeoutMs`.
 */
export async function planJoins(
  requests: ReadonlyMap<string, ChannelPosition | undefined>,
  index: ChannelIndex,
  history: History | undefined,
  timeoutMs: number,
): Promise<readonly JoinPlan[]> {
  if (history === undefined) return [...requests.keys()].map((channel) => ({ channel }));
  const until = performance.now() + timeoutMs;
  const epoch = await history.epoch(until);
  const planned = [...requests].map(([channel, position]) => {
    const wanted = position !== undefined && (position.epoch ?? epoch) === epoch;
    const after = wanted ? { after: Number(position.offset) } : {};
    return planJoin({ channel, epoch, ...after }, index, history.store, until);
  });
  return Promise.all(planned);
}

async function planJoin(
  plan: JoinPlan,
  index: ChannelIndex,
  store: StoreReader | undefined,
  until: number,
): Promise<JoinPlan> {
  const { channel, after } = plan;
  if (store === undefined) return plan;
  // Memory may have let it go by the time of joining, and what memory had is in the store.
  if (after !== undefined && index.coversFrom(channel) <= after) return { ...plan, stored: true };
  const stored = after !== undefined && (await store.read(channel, after, 1, until)) !== null;
  const head = published(index, channel) < 0 || after !== undefined ? await store.head(channel, until) : undefined;
  return { ...plan, stored, ...(head === undefined ? {} : { head }) };
}

const published = (index: ChannelIndex, channel: string) => index.get(channel)?.head ?? -1;

/** Decides what the client is told and sent, by what holds at this moment; nothing may happen between this and the joining. */
export function settleJoin(
  plan: JoinPlan,
  index: ChannelIndex,
  history: History | undefined,
): { readonly joined: JoinedChannel; readonly join: Join } {
  const { channel, epoch, after } = plan;
  const head = history?.numbersItself ? history.last : Math.max(published(index, channel), plan.head ?? -1);
  const recovered = history !== undefined && after !== undefined && reaches(plan, after, head, index, history);
  const offset = recovered ? after : head;
  return {
    joined: { channel, ...(epoch === undefined ? {} : { epoch }), ...(offset < 0 ? {} : { offset }), recovered },
    join: { channel, offset, replay: recovered },
  };
}

/** Whether all that came after an offset can be had. One that lies ahead of what there is was given by another history. */
function reaches(plan: JoinPlan, after: number, head: number, index: ChannelIndex, history: History): boolean {
  const headIsKnown = history.numbersItself || plan.head !== undefined;
  if (headIsKnown && after > head) return false;
  return index.coversFrom(plan.channel) <= after || plan.stored === true;
}
