import { inspect } from 'node:util';
import { ComponentError } from '@sluice/contracts';

/** What is waited for, and for how long. */
export interface WaitForOptions {
  /** Completes the sentence "waited for …". */
  readonly what: string;
  /** Default: 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Waits until `condition` gives something truthy, and resolves with that. An error that it throws counts as "not yet".
 * Asks at once, then after 1 ms, then ever less often, every 50 ms at the least.
 *
 * @throws ComponentError `TEST_WAIT_TIMEOUT` naming what was waited for, with the last value or error.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 10_000 }: WaitForOptions,
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    const outcome = await attempt(condition, deadline);
    if ('value' in outcome && outcome.value) return outcome.value as Exclude<T, false | 0 | '' | null | undefined>;
    if (performance.now() + pause >= deadline) {
      const last =
        'value' in outcome ? `last value: ${inspect(outcome.value, { depth: 4 })}` : `last error: ${outcome.error}`;
      throw new ComponentError('TEST_WAIT_TIMEOUT', `waited ${timeoutMs} ms for ${what}; ${last}`, {
        cause: 'error' in outcome ? outcome.error : undefined,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** A condition that never answers must not outlast the deadline. */
async function attempt<T>(condition: () => T | Promise<T>, deadline: number): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome<T>>((resolve) => {
    const error = new Error('the condition did not answer in time');
    timer = setTimeout(() => resolve({ error }), Math.max(0, deadline - performance.now()));
  });
  const asked = (async (): Promise<Outcome<T>> => ({ value: await condition() }))().catch((error: unknown) => ({
    error,
  }));
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
