import { Buffer } from 'node:buffer';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { tellSkipped } from '../channel/skip.js';
import type { Subscription } from '../channel/subscription.js';
import { frameAlso } from '../frame/numbered-frame.js';
import type { Page, StoreReader } from '../history/store-reader.js';
import { CLOSE_HISTORY_GONE, CLOSE_TOO_SLOW, CLOSE_TRY_AGAIN } from '../hub/close-codes.js';

/** Bytes of one write. */
const PAGE_BYTES = 65_536;
/** The store does not have yet what memory has let go. */
const STORE_LAG_MS = 10;

/**
 * Sends each of a client's channels what it missed, a page of each in turn, and puts it among the live ones when it has all.
 *
 * Every message is in memory (from `coversFrom` on), in the store, or in both; so whatever lies before is read from the store, page by
 * page, until memory goes on from there or the store has no more. A page is only asked for when the client has taken what it was sent
 * before: whatever it replays, it costs half its cap and one page.
 *
 * A history that is gone meanwhile closes the client with 4010, a store that fails with 1013: it comes back and asks anew.
 */
export async function replay(subscriptions: readonly Subscription[], store: StoreReader | undefined): Promise<void> {
  let behind = subscriptions;
  while (behind.length > 0) {
    const still: Subscription[] = [];
    for (const subscription of behind) if (await step(subscription, store)) still.push(subscription);
    behind = still;
  }
}

/** One page. Returns true when there is more to do. */
async function step(subscription: Subscription, store: StoreReader | undefined): Promise<boolean> {
  const { connection, channel } = subscription;
  if (!connection.hasRoom(pageBytes(subscription))) await connection.drained();
  if (!connection.isOpen || subscription.state !== 'apart' || channel.window === undefined) return false;
  if (channel.window.coversFrom <= subscription.position) {
    const more = fromMemory(subscription);
    if (more) await nextTurn();
    return more;
  }
  if (store !== undefined) return fromStore(subscription, store);
  return lostFromMemory(subscription, channel.window.coversFrom);
}

const pageBytes = ({ connection }: Subscription) => Math.min(PAGE_BYTES, connection.maxBufferedBytes >> 2);

function fromMemory(subscription: Subscription): boolean {
  const { channel, position } = subscription;
  const entries = channel.window?.after(position, pageBytes(subscription)) ?? [];
  const last = entries.at(-1);
  if (last !== undefined) {
    send(
      subscription,
      entries.map(({ frame }) => frame),
    );
    subscription.position = last.offset;
  }
  // What comes next, in this tick or a later one, comes live: nothing can be published in between.
  if (subscription.position >= channel.head) channel.goLive(subscription);
  return subscription.state === 'apart';
}

async function fromStore(subscription: Subscription, store: StoreReader): Promise<boolean> {
  const { channel, connection } = subscription;
  const coveredBefore = channel.window?.coversFrom;
  let page: Page | null;
  try {
    page = await store.read(channel.name, subscription.position);
  } catch {
    // The reader has counted it and told it.
    connection.close(CLOSE_TRY_AGAIN, 'history unavailable');
    return false;
  }
  if (page === null) {
    connection.close(CLOSE_HISTORY_GONE, 'history no longer reaches back');
    return false;
  }
  if (page.length > 0) return sendPage(subscription, page);
  const covered = channel.window?.coversFrom ?? Number.POSITIVE_INFINITY;
  if (covered !== coveredBefore && covered > subscription.position) {
    // Memory let messages go while the store was asked; they are in it now, or soon.
    await delay(STORE_LAG_MS);
    return connection.isOpen;
  }
  // The store has nothing between here and where memory begins.
  if (covered === Number.POSITIVE_INFINITY) channel.goLive(subscription);
  else subscription.position = Math.max(subscription.position, covered);
  return subscription.state === 'apart';
}

async function sendPage(subscription: Subscription, page: Page): Promise<boolean> {
  const { connection } = subscription;
  const limit = pageBytes(subscription);
  let frames: Buffer[] = [];
  let bytes = 0;
  for (const [at, { offset, frame }] of page.entries()) {
    frames.push(frame);
    bytes += frame.length;
    if (bytes < limit && at < page.length - 1) continue;
    if (!connection.hasRoom(bytes)) await connection.drained();
    if (!connection.isOpen || subscription.state !== 'apart') return false;
    send(subscription, frames);
    subscription.position = offset;
    frames = [];
    bytes = 0;
  }
  return true;
}

function send({ channel, connection }: Subscription, frames: readonly Buffer[]): void {
  const tagged = connection.tagged ? frames.map((frame) => frameAlso(frame, channel.tag())) : frames;
  connection.write(Buffer.concat(tagged), frames.length);
  connection.counters.replayed += frames.length;
}

/** The reader is slower than memory forgets. */
function lostFromMemory(subscription: Subscription, coversFrom: number): boolean {
  const { channel, connection } = subscription;
  if (channel.slow === 'close') {
    connection.counters.tooSlow += 1;
    connection.close(CLOSE_TOO_SLOW, 'reader too slow');
    return false;
  }
  tellSkipped(subscription, coversFrom);
  return true;
}
