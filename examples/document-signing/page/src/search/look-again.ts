import { effect } from '@preact/signals';
import { lastEvents } from '../library/store.js';

/** The page hears of a change before the index does: look soon, and once more when the index must have it. */
const SOON_MS = 200;
const LATER_MS = 1_200;

/** Calls `look` after changes; a run of them counts as one, but never waits longer than `LATER_MS`. Returns how to stop. */
export function lookAgain(look: () => void): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  let later: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const atLast = () => {
    later = again ? setTimeout(atLast, LATER_MS) : undefined;
    again = false;
    look();
  };
  const stop = effect(() => {
    if (lastEvents.value.length === 0) return;
    soon ??= setTimeout(() => {
      soon = undefined;
      look();
    }, SOON_MS);
    again = later !== undefined;
    later ??= setTimeout(atLast, LATER_MS);
  });
  return () => {
    stop();
    clearTimeout(soon);
    clearTimeout(later);
  };
}
