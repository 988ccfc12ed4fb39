// The judgement whether memory that was sampled over a run grows.
import { median } from '../report/median.mjs';

/** What may lie between the middle and the end of a run: measuring noise, no growth. */
export const SETTLED = { part: 'quarter', heapMiB: 1, residentMiB: 8 };

/**
 * Compares the last quarter of the samples with the second: the first is left out, since compiling and the buffers that are
 * kept for good belong to it. `samples` are in the order of time, with `heapMiB` and `residentMiB`.
 */
export function isFlat(samples) {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const middle = samples.slice(quarter, 2 * quarter);
  const end = samples.slice(-quarter);
  const grown = (of) => median(end.map(of)) - median(middle.map(of));
  return (
    grown(({ heapMiB }) => heapMiB) <= SETTLED.heapMiB && grown(({ residentMiB }) => residentMiB) <= SETTLED.residentMiB
  );
}
