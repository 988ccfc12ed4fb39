import { Envelope, type EventOrigin, type Frame, type Source } from '@sluice/contracts';
import { assertSettled, waitFor } from '@sluice/testkit';
import { expect, test, vi } from 'vitest';
import {
  batchBy,
  dedupeEvents,
  memoryCheckpoints,
  memorySink,
  memorySource,
  memoryState,
  partitionByKey,
  pipeline,
} from '../../src/index.js';
import { at, gate, scriptedLane, scriptedSource, sinkOf } from '../support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

const MiB = 1024 * 1024;

const origin: EventOrigin = {
  source: '/sized',
  type: () => 'sized',
  id: (ordinal) => String(ordinal),
  key: () => 'a',
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({}),
};

/** Events that each take so many bytes, one a batch. */
function sized(...sizes: number[]): Source<Uint8Array> {
  return scriptedSource(async function* () {
    async function* frames(): AsyncGenerator<Frame<Uint8Array>> {
      for (const [n, bytes] of sizes.entries()) {
        const events = [new Envelope(new Uint8Array(bytes), origin, n)];
        yield { kind: 'batch', events, bytes, position: at(n + 1) };
      }
    }
    yield scriptedLane('a', frames as never);
  }) as unknown as Source<Uint8Array>;
}

test('an event of 50 MB passes below the budget, and is a typed error above it', async () => {
  const sink = memorySink<Uint8Array>();
  const within = pipeline('large', { credits: { bytes: 64 * MiB } })
    .from(sized(10, 50 * MiB, 10))
    .to(sink, { checkpoints: memoryCheckpoints() });
  await within.run();
  expect(sink.events.map(({ data }) => data?.length)).toEqual([10, 50 * MiB, 10]);
  assertSettled(within.report());
  const above = pipeline('large', { credits: { bytes: 16 * MiB } })
    .from(sized(10, 50 * MiB, 10))
    .to(memorySink<Uint8Array>(), { checkpoints: memoryCheckpoints() });
  await expect(above.run()).rejects.toMatchObject({
    code: 'PIPELINE_EVENT_TOO_LARGE',
    details: { bytes: 50 * MiB, budget: 16 * MiB },
  });
});

test('events of 0 bytes are bounded by the batches in flight', async () => {
  const source = sized(...Array.from({ length: 100 }, () => 0));
  const write = gate();
  const running = pipeline('empty', { credits: { batches: 8 } })
    .from(source)
    .pipe(batchBy({ events: 4, ms: 5 }))
    .to(sinkOf(() => write.promise) as never, { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  await waitFor(() => running.report().credits.batches === 8, { what: 'the credits to be used' });
  expect(running.report().counters.received).toBe(8);
  write.resolve();
  await ended;
  expect(running.report().counters.written).toBe(100);
  assertSettled(running.report());
});

test('keys of 10 kB, and those that plain objects stumble over, are keys like any other', async () => {
  const keys = ['k'.repeat(10_000), '__proto__', 'constructor', 'toString', '', '\u{1F600}|/%"'];
  const source = memorySource<number>({ batch: 5 });
  source.push(...Array.from({ length: 60 }, (_, n) => ({ key: keys[n % keys.length] as string, data: n })));
  source.end();
  const sink = memorySink<number>({ delivery: 'idempotent' });
  const running = pipeline('keys')
    .from(source)
    .pipe(dedupeEvents({ store: memoryState(), scope: 's' }), partitionByKey({ partitions: 4 }), batchBy({ events: 9 }))
    .to(sink, { checkpoints: memoryCheckpoints() });
  await running.run();
  expect(new Map(sink.events.map(({ key, data }) => [key, data]))).toEqual(
    new Map(keys.map((key, n) => [key, 54 + n])),
  );
});

test('partitionByKey is fair: a partition whose write hangs does not keep the others waiting', async () => {
  const source = memorySource<number>({ batch: 10 });
  const hot = gate();
  const written: string[] = [];
  const running = pipeline('fair')
    .from(source)
    .pipe(partitionByKey({ partitions: 8 }))
    .to(
      sinkOf(async (events) => {
        if (events.some(({ key }) => key === 'hot')) await hot.promise;
        for (const { key } of events) written.push(key ?? '');
      }) as never,
      { checkpoints: memoryCheckpoints() },
    );
  const ended = running.run();
  // Nine in ten are of one key, and one of 50 others.
  source.push(...Array.from({ length: 500 }, (_, n) => ({ key: n % 10 === 0 ? `cold-${n}` : 'hot', data: n })));
  source.end();
  // Those that share the hot one's partition wait with it; the others do not.
  await waitFor(() => written.length >= 35, { what: 'the cold keys while the hot one hangs' });
  expect(written).not.toContain('hot');
  hot.resolve();
  await ended;
  expect(written).toHaveLength(500);
});
