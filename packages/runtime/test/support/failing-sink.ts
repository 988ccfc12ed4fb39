import { ComponentError, type ErrorCode, type Sink } from '@sluice/contracts';

/** A sink that does with each attempt what it is told: writes, hangs until nobody waits, or fails with a code. */
export function failingSink(next: (attempt: number) => 'write' | 'hang' | ErrorCode, name = 'failing'): Sink<number> {
  return {
    name,
    features: { delivery: 'plain' },
    async open() {
      return {
        async write(_, { attempt, signal }) {
          const what = next(attempt);
          if (what === 'write') return;
          if (what !== 'hang') throw new ComponentError(what, 'as it was told');
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}
