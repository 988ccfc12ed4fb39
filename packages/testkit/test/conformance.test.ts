import { describe, expect, test } from 'vitest';
import {
  type ConformanceSuite,
  checkpointStoreConformance,
  conformance,
  sinkConformance,
  sourceConformance,
} from '../src/conformance/index.js';
import { type CheckpointDefect, memoryCheckpointPlace } from './fixtures/memory-checkpoint-store.js';
import { memorySink, type SinkDefect } from './fixtures/memory-sink.js';
import { memorySource, type SourceDefect } from './fixtures/memory-source.js';

const checkpoints = (defect?: CheckpointDefect) =>
  checkpointStoreConformance({ name: 'memory', create: async () => memoryCheckpointPlace(defect) });

describe('adapters that keep their promises', () => {
  conformance(checkpoints(), { describe, test });
  conformance(sourceConformance(memorySource()), { describe, test });
  for (const delivery of ['plain', 'idempotent', 'atomic'] as const) {
    conformance(sinkConformance(memorySink(delivery)), { describe, test });
  }
});

/** Runs the promise of this name and expects that it is found broken. */
async function expectBroken(suite: ConformanceSuite, name: string): Promise<void> {
  const found = suite.tests.find((candidate) => candidate.name === name);
  expect(found?.notPromised, `"${name}" is promised`).toBeUndefined();
  await expect(found?.run() ?? Promise.resolve()).rejects.toMatchObject({
    code: expect.stringMatching(/^TEST_(PROMISE_BROKEN|WAIT_TIMEOUT|RESOURCES_LEAKED)$/),
  });
}

describe('a broken checkpoint store is found by the promise that it breaks', () => {
  test.each<[CheckpointDefect, string]>([
    ['fence restarts after removal', 'fences grow also when the lane was removed in between'],
    ['saves the good half', 'a save is all or nothing over its writes'],
    ['accepts any fence', 'a stale fence writes nothing'],
    ['drops within', 'what was saved is loaded, digit for digit'],
  ])('%s', (defect, name) => expectBroken(checkpoints(defect), name));
});

describe('a broken sink is found by the promise that it breaks', () => {
  test.each<['plain' | 'idempotent' | 'atomic', SinkDefect, string]>([
    ['plain', 'resolves before it is done', 'a write resolves when its events are there'],
    ['plain', 'writes the last first', 'keeps the order within a key, in one write and from write to write'],
    ['plain', 'ignores deletions', 'deletes and makes again what is deleted and made again'],
    ['plain', 'names the wrong index', 'names the events that it could not write, and only those'],
    ['plain', 'writes nothing when one is bad', 'names the events that it could not write, and only those'],
    ['plain', 'leaves a timer', 'a disposed session leaves nothing open'],
    ['idempotent', 'ignores versions', 'an older version changes nothing'],
    ['idempotent', 'forgets deletions', 'a deleted key does not come back by an older version'],
    ['atomic', 'stores checkpoints of failed writes', 'a failed write leaves neither events nor checkpoints'],
    ['atomic', 'keeps events of failed writes', 'a failed write leaves neither events nor checkpoints'],
    ['atomic', 'keeps events of fenced writes', 'a fenced write leaves nothing'],
  ])('%s: %s', (delivery, defect, name) => expectBroken(sinkConformance(memorySink(delivery, defect)), name));
});

describe('a broken source is found by the promise that it breaks', () => {
  test.each<[SourceDefect, string]>([
    ['ignores within', 'starts again from the position of every batch, without loss or repeat'],
    ['drops the rest of a transaction', 'starts again from the position of every batch, without loss or repeat'],
    ['mid-transaction positions repeat', 'positions only grow, and no two batches end at the same'],
    ['reads ahead', 'takes nothing from the origin before it is asked'],
    ['makes new ids', 'delivers again, the same, what was not confirmed'],
    ['hangs after dispose', 'disposing the session ends its lanes, also one that waits for events'],
    ['ignores maxBatchBytes', 'batches are not empty, know their size, and stay below maxBatchBytes'],
    ['repeats versions', 'versions grow with every change of a key, within one epoch'],
    ['swaps events', 'reads the events of a key in the order in which they were made'],
    ['head beyond reach', 'reaches the head that it named'],
    ['ignores cuts', 'ends a frame at every place that it is told'],
  ])('%s', (defect, name) => expectBroken(sourceConformance(memorySource(defect)), name));
});
