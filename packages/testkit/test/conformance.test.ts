import { describe, test } from 'vitest';
import {
  checkpointStoreConformance,
  conformance,
  sinkConformance,
  sourceConformance,
} from '../src/conformance/index.js';
import { expectBroken } from './expect-broken.js';
import { leaking } from './fixtures/leaking.js';
import { type CheckpointDefect, memoryCheckpointPlace } from './fixtures/memory-checkpoint-store.js';
import { memoryQueue, type QueueDefect } from './fixtures/memory-queue.js';
import { memorySink, type SinkDefect } from './fixtures/memory-sink.js';
import { memorySource, type SourceDefect } from './fixtures/memory-source.js';

const checkpoints = (defect?: CheckpointDefect) =>
  checkpointStoreConformance({ name: 'memory', create: async () => memoryCheckpointPlace(defect) });

describe('adapters that keep their promises', () => {
  conformance(checkpoints(), { describe, test });
  conformance(sourceConformance(memorySource()), { describe, test });
  conformance(sourceConformance(memoryQueue()), {
    describe,
    test: (name, run) => test(name, { timeout: 40_000 }, run),
  });
  for (const delivery of ['plain', 'idempotent', 'atomic'] as const) {
    conformance(sinkConformance(memorySink(delivery)), { describe, test });
  }
  conformance(sinkConformance(memorySink('plain', undefined, 'all')), { describe, test });
});

describe('a broken checkpoint store is found by the promise that it breaks', () => {
  test.each<[CheckpointDefect, string]>([
    ['fence restarts after removal', 'fences grow also when the lane was removed in between'],
    ['saves the good half', 'a save is all or nothing over its writes'],
    ['accepts any fence', 'a stale fence writes nothing'],
    ['drops within', 'what was saved is loaded, digit for digit'],
    ['loses one', 'many lanes are saved at once, some of them removed'],
    ['checkpoints late', 'what was saved is loaded, digit for digit'],
    ["fence that doesn't grow", 'fences grow with each acquire'],
    ['acquire starts anew', 'an acquire leaves the checkpoint where it is'],
    ['swallows an error', 'a stale fence writes nothing'],
    ['joins names', 'every name is one of its own, whatever is in it'],
    ['mixes pipelines', 'an acquired lane is loaded with its fence, and without a position'],
    ['gone when reopened', 'checkpoints and fences outlast the store object'],
    ['says that it is volatile', 'says when what was saved does not outlive it'],
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
    ['plain', 'loses one', 'a write resolves when its events are there'],
    ['plain', 'repeats one', 'a write resolves when its events are there'],
    ['plain', 'swallows an error', 'names the events that it could not write, and only those'],
    ['plain', 'accepts and then loses', 'what was written stays when its session is never closed, as in a crash'],
    ['atomic', 'checkpoints late', 'events and checkpoints become durable together'],
    ['atomic', 'checkpoints of events alone', 'checkpoints alone are stored by a write without events'],
  ])('%s: %s', (delivery, defect, name) => {
    const keeps = delivery === 'plain' ? 'all' : 'latest';
    return expectBroken(sinkConformance(memorySink(delivery, defect, keeps)), name);
  });
});

describe('a broken source is found by the promise that it breaks', () => {
  const TAKEN_AWAY = 'a lane that is taken away says so while nobody reads, and ends; the next owner goes on';
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
    ['loses one', 'reads every event once'],
    ['repeats one', 'reads every event once'],
    ['confirms early', 'delivers again, the same, what was not confirmed'],
    ['ignores revocation', TAKEN_AWAY],
    ['delivers what was taken away', TAKEN_AWAY],
    ['keeps its generation', TAKEN_AWAY],
    ['leaks on close', 'a disposed session leaves nothing open'],
    ['swallows an error', 'an origin that fails is an error, and not an end'],
  ])('%s', (defect, name) => expectBroken(sourceConformance(memorySource(defect)), name));
});

describe('a broken source of single acks is found by the promise that it breaks', () => {
  const AGAIN = 'an acknowledged event is not delivered again; the others are';
  const IN_TIME = 'an event that is not settled in its time comes again, unless it was extended';
  const RELEASED = 'a released event comes again in the same session';
  test.each<[QueueDefect, string]>([
    ['loses one', 'reads every event once'],
    ['repeats one', 'reads every event once'],
    ['repeats one', 'events of one key share it, and ids are all different'],
    ['no token for the last', 'every event has a token'],
    ['acks early', AGAIN],
    ['acks nothing', AGAIN],
    ['acks all before it', AGAIN],
    ['releases nothing', RELEASED],
    ['new ids on redelivery', RELEASED],
    ['keeps what nobody settles', IN_TIME],
    ['extends nothing', IN_TIME],
    ['leaks on close', 'a disposed session leaves nothing open'],
  ])('%s', { timeout: 20_000 }, (defect, name) => expectBroken(sourceConformance(memoryQueue(defect)), name));
});

test('a checkpoint store that leaks on close is found', () => {
  const suite = checkpointStoreConformance({
    name: 'leaks',
    create: async () => leaking('store', memoryCheckpointPlace()),
  });
  return expectBroken(suite, 'a closed store leaves nothing open');
}, 20_000);
