/** The longest that a timer waits, in milliseconds; of more it would make 1. */
const LONGEST_MS = 2_147_483_647;

/** `work`, with a signal that is aborted after `limitMs`, or with `outer`. */
export async function within<T>(
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController();
  const abort = () => inner.abort();
  const timer = setTimeout(abort, Math.min(limitMs, LONGEST_MS));
  outer.addEventListener('abort', abort);
  if (outer.aborted) abort();
  try {
    return await work(inner.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}
