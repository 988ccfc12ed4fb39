import { expect, test } from 'vitest';
import { murmur2, partitionOfKey } from '../../src/log/partition-of-key.js';

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the hash of %s is that of Kafka', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

test('a key has one partition, all partitions get keys, and one partition takes all', () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => `key ${n} ä`);
  const counts = new Map<number, number>();
  for (const key of keys) {
    const partition = partitionOfKey(key, 7);
    expect(partitionOfKey(key, 7)).toBe(partition);
    expect(partitionOfKey(key, 1)).toBe(0);
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  for (const count of counts.values()) expect(count).toBeGreaterThan(80);
});
