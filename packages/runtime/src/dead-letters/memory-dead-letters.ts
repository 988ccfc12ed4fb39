import type { DeadLetter, DeadLetterStore } from '@sluice/contracts';
import { ComponentError } from '@sluice/contracts';

/** Dead letters of this process. */
export interface MemoryDeadLetters extends DeadLetterStore {
  /** All of them, oldest first. */
  readonly letters: readonly DeadLetter[];
}

/**
 * Keeps dead letters in memory: for tests, and for pipelines whose source can be read again. They are gone with the process.
 *
 * `capacity` (default 10,000) bounds it; beyond that `put` rejects and the pipeline waits, so that none is dropped silently.
 */
export function memoryDeadLetters(options: { readonly capacity?: number } = {}): MemoryDeadLetters {
  const capacity = options.capacity ?? 10_000;
  const letters: DeadLetter[] = [];
  return {
    letters,
    async put(added) {
      if (letters.length + added.length > capacity) {
        throw new ComponentError('DEAD_LETTERS_FULL', `the memory holds ${letters.length} of at most ${capacity}`, {
          details: { capacity },
        });
      }
      letters.push(...added);
    },
    async list(pipeline, { limit = 100 } = {}) {
      return letters.filter((letter) => letter.pipeline === pipeline).slice(0, limit);
    },
    async [Symbol.asyncDispose]() {},
  };
}
