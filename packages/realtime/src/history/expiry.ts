import type { ChannelIndex } from '../channel/channel-index.js';
import type { History } from './history.js';

/** Lets go, now and then, what is older than the history keeps, also while nothing is published. Returns how to stop. */
export function startExpiry(history: History, index: ChannelIndex): () => void {
  const everyMs = Math.min(30_000, Math.max(50, history.limits.maxAgeMs / 4));
  const timer = setInterval(() => index.expire(history), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
