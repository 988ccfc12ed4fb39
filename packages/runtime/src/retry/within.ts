/** The longest time that a timer of Node can wait, in milliseconds; it fires at once when told more. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What `work` gives, or undefined when it has not after `ms`. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.min(LONGEST_TIMER_MS, Math.max(0, ms)), undefined);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
