// The median: one run that was disturbed does not move it.

/** The middle one; of an even number the mean of the two in the middle. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest and the largest, as text. */
export function spread(numbers, format) {
  return `${format(Math.min(...numbers))}–${format(Math.max(...numbers))}`;
}
