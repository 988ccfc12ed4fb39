/** What the suites write: a value under a key. `null` deletes. Values are all different. */
export interface Sample {
  readonly key: string;
  readonly value: string | null;
}

/** `count` changes over five keys, numbered from `from`; each value takes about 100 bytes. */
export function samples(count: number, from = 0): readonly { readonly key: string; readonly value: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `k${(from + index) % 5}`,
    value: `v${from + index}-${'x'.repeat(100)}`,
  }));
}

/** The values of each key, in order. */
export function byKey(items: Iterable<Sample>): Record<string, (string | null)[]> {
  const keys = new Map<string, (string | null)[]>();
  for (const { key, value } of items) {
    const values = keys.get(key);
    if (values) values.push(value);
    else keys.set(key, [value]);
  }
  return Object.fromEntries(keys);
}

/** The last value of each key, without those that were deleted. */
export function latest(items: Iterable<Sample>): Record<string, string> {
  const state = new Map<string, string>();
  for (const { key, value } of items) {
    if (value === null) state.delete(key);
    else state.set(key, value);
  }
  return Object.fromEntries([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
}
