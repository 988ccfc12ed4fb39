import {
  type CheckpointStore,
  ComponentError,
  type Sink,
  type SinkFeatures,
  type SourceFeatures,
} from '@sluice/contracts';
import { expect, test, vi } from 'vitest';
import {
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  type PipelinePromise,
  pipeline,
  type ToOptions,
} from '../src/index.js';

vi.setConfig({ testTimeout: 60_000 });

function promiseWith(
  source: Partial<SourceFeatures>,
  delivery: SinkFeatures['delivery'],
  to: ToOptions = {},
  unordered = false,
): PipelinePromise {
  const from = {
    ...memorySource<number>({ name: 'origin' }),
    features: { ack: 'cumulative', replayable: true, ...source },
  } as const;
  const checkpoints: CheckpointStore = { ...memoryCheckpoints(), durable: true };
  return pipeline('p', { unordered })
    .from(from)
    .to(memorySink({ name: 'target', delivery }), { checkpoints, ...to })
    .report().promise;
}

test.each([
  ['cumulative', true, 'atomic', 'effectively-once', 'cannot change the outcome'],
  ['cumulative', true, 'idempotent', 'effectively-once', 'cannot change the outcome'],
  ['cumulative', true, 'plain', 'at-least-once', 'may write late'],
  ['individual', true, 'atomic', 'at-least-once', 'may write late'],
  ['individual', true, 'idempotent', 'effectively-once', 'cannot change the outcome'],
  ['individual', true, 'plain', 'at-least-once', 'may write late'],
  ['cumulative', false, 'atomic', 'at-most-once', 'cannot change the outcome'],
  ['cumulative', false, 'idempotent', 'at-most-once', 'cannot change the outcome'],
  ['cumulative', false, 'plain', 'best-effort', 'may write late'],
  ['individual', false, 'atomic', 'best-effort', 'may write late'],
  ['individual', false, 'idempotent', 'at-most-once', 'cannot change the outcome'],
] as const)(
  'acks %s, can be read again: %s, %s sink: %s, a frozen owner %s',
  (ack, replayable, delivery, expected, frozenOwner) => {
    expect(promiseWith({ ack, replayable }, delivery)).toMatchObject({ delivery: expected, frozenOwner });
  },
);

test('order is lost by declaring the pipeline unordered, and by a source that takes single events back', () => {
  expect(promiseWith({}, 'plain').order).toBe('per key');
  expect(promiseWith({}, 'plain', {}, true)).toMatchObject({
    order: 'none',
    because: expect.arrayContaining(['the pipeline is declared `unordered`']),
  });
  expect(promiseWith({ ack: 'individual' }, 'plain').order).toBe('none');
});

test('what becomes of events that fail is shown, above all when they are dropped on purpose', () => {
  const deadLetters = memoryDeadLetters();
  expect(promiseWith({}, 'plain').failed).toBe('stops the pipeline');
  expect(promiseWith({}, 'plain', { deadLetters }).failed).toBe('becomes a dead letter');
  expect(promiseWith({}, 'plain', { deadLetters, onFailure: 'park' }).failed).toBe('parks its key');
  const dropped = promiseWith({}, 'plain', { onFailure: 'skip' });
  expect(dropped.failed).toBe('is dropped');
  expect(dropped.because.at(-1)).toMatch(/dropped on purpose/);
});

test('checkpoints that are gone with the process are no progress for the next one', () => {
  expect(promiseWith({}, 'plain').durable).toBe(true);
  expect(promiseWith({}, 'plain', { checkpoints: memoryCheckpoints() })).toMatchObject({
    durable: false,
    because: expect.arrayContaining(['the checkpoint store is gone with the process']),
  });
  expect(promiseWith({}, 'atomic', { checkpoints: memoryCheckpoints() }).durable).toBe(true);
  expect(promiseWith({ ack: 'individual' }, 'plain', { checkpoints: memoryCheckpoints() }).durable).toBe(true);
});

test('a routed pipeline promises what all of its branches do, and says which branch is why', () => {
  const running = pipeline('p')
    .from(memorySource<number>())
    .route({
      table: (b) => b.to(memorySink({ name: 'table', delivery: 'atomic' })),
      log: (b) => b.to(memorySink({ name: 'log' }), { checkpoints: memoryCheckpoints(), onFailure: 'skip' }),
    });
  const { promise, branches } = running.report();
  expect(running.guarantee).toBe('at-least-once');
  expect(promise).toMatchObject({
    delivery: 'at-least-once',
    failed: 'is dropped',
    durable: false,
    frozenOwner: 'may write late',
  });
  expect(branches['table']?.promise).toMatchObject({ delivery: 'effectively-once', durable: true });
  expect(promise.because).toContain('log: log is plain: what is written again counts again');
});

test('an atomic write whose answer is lost after the commit is not written again', async () => {
  const inner = memorySink<number>({ name: 'table', delivery: 'atomic' });
  let lost = 2;
  const sink: Sink<number> = {
    ...inner,
    async open(ctx) {
      const session = await inner.open(ctx);
      return {
        ...session,
        async write(events, about) {
          await session.write(events, about);
          if (events.length > 0 && lost-- > 0) throw new ComponentError('TEST_LOST', 'no answer', { retry: 'backoff' });
        },
      };
    },
  };
  const source = memorySource<number>({ batch: 10 });
  source.push(...Array.from({ length: 50 }, (_, n) => ({ data: n })));
  source.end();
  await pipeline('p', { notice: () => undefined })
    .from(source)
    .to(sink, { retry: { initialMs: 1 } })
    .run();
  expect(inner.events.map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});

test('an atomic sink whose store can not be asked what became of a write is an outage, and no fault of the events', async () => {
  const inner = memorySink<number>({ name: 'table', delivery: 'atomic' });
  let away = false;
  let writes = 0;
  const sink: Sink<number> = {
    ...inner,
    async open(ctx) {
      away = false;
      const session = await inner.open(ctx);
      const checkpoints = session.checkpoints as CheckpointStore;
      const load: CheckpointStore['load'] = async (name) => {
        if (away) throw new Error('away');
        return checkpoints.load(name);
      };
      return {
        ...session,
        checkpoints: { ...checkpoints, load },
        async write(events, about) {
          if (events.length > 0 && writes++ === 0) {
            away = true;
            throw new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });
          }
          await session.write(events, about);
        },
      };
    },
  };
  const source = memorySource<number>({ batch: 10 });
  source.push(...Array.from({ length: 20 }, (_, n) => ({ data: n })));
  source.end();
  const running = pipeline('p', { notice: () => undefined })
    .from(source)
    .to(sink, { retry: { initialMs: 1, maxMs: 2, maxAttempts: 3 } });
  await running.run();
  expect(running.report().counters.generations).toBe(2);
  expect(inner.events.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => n));
});
