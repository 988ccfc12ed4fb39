import { runInNewContext } from 'node:vm';
import type { StandardSchemaV1 } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import { expect, test } from 'vitest';
import {
  aggregateEvents,
  batchBy,
  type Delivery,
  dedupeEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  memoryState,
  pipeline,
  tapEvents,
  throttleEvents,
  upcastEvents,
  validateEvents,
  windowEvents,
} from '../../src/index.js';

/** What a pipeline over these data makes of them with the operator, and what it was told. */
async function outcomeOf<U>(
  operator: OperatorFunction<Delivery<number>, Delivery<U>>,
  data: readonly number[],
  batch = 10,
) {
  const source = memorySource<number>({ batch });
  const sink = memorySink<U>();
  const deadLetters = memoryDeadLetters();
  const notices: string[] = [];
  for (const one of data) source.push({ key: `k${one}`, data: one });
  source.end();
  const running = pipeline('poison', { notice: ({ message }) => notices.push(message) })
    .from(source)
    .pipe(operator)
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters, retry: { initialMs: 1, maxMs: 1, maxAttempts: 2 } });
  await running.run(AbortSignal.timeout(10_000));
  return { data: sink.events.map((event) => event.data), letters: deadLetters.letters, notices, state: running.state };
}

const poisoned = <T>(value: T, at: T) => {
  if (value === at) throw new TypeError('no such thing');
};

test('an event whose identity dedupeEvents can not tell becomes a dead letter, and the others go on', async () => {
  const by = ({ data }: { data: number | null }) => {
    poisoned(data, 2);
    return `${data}`;
  };
  const { data, letters } = await outcomeOf(
    dedupeEvents<number>({ store: memoryState(), scope: 's', by }),
    [1, 2, 3, 3],
  );
  expect(data).toEqual([1, 3]);
  expect(letters.map(({ event }) => event.data)).toEqual([2]);
});

test('a window whose data can not be made becomes a dead letter, and the others are emitted', async () => {
  const operator = windowEvents<number, number, number>({
    store: memoryState(),
    scope: 's',
    sizeMs: 10,
    timeOf: ({ data }) => new Date(data ?? 0),
    initial: () => 0,
    reduce: (count) => count + 1,
    emit: (count, { start }) => {
      poisoned(start, 10);
      return count * 100 + start;
    },
  });
  const { data, letters } = await outcomeOf(operator, [1, 11, 21, 31, 41], 1);
  expect(data).toEqual([100, 120, 130]);
  expect(letters.map(({ event }) => event.data)).toEqual([{ key: 'k11', start: 10, end: 20, value: 1 }]);
});

test('a schema whose promises are of another realm is waited for', async () => {
  const Foreign = runInNewContext('Promise') as PromiseConstructor;
  const schema: StandardSchemaV1<unknown, string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        value === 3
          ? Foreign.reject(new Error('down'))
          : Foreign.resolve(value === 2 ? { issues: [{ message: 'no' }] } : { value: `ok ${value}` }),
    },
  };
  const { data, letters } = await outcomeOf(validateEvents<number, string>(schema), [1, 2, 3, 4]);
  expect(data).toEqual(['ok 1', 'ok 4']);
  expect(letters.map(({ cause }) => cause.code)).toEqual(['EVENT_INVALID', 'UNKNOWN']);
});

test('data that a schema says nothing of does not pass', async () => {
  const silent = { '~standard': { version: 1, vendor: 'test', validate: () => undefined } };
  const schema = silent as unknown as StandardSchemaV1<unknown, number>;
  const { data, letters } = await outcomeOf(validateEvents<number, number>(schema), [1]);
  expect([data, letters.length]).toEqual([[], 1]);
});

test('what a tapped promise of another realm ends with costs nothing', async () => {
  const Foreign = runInNewContext('Promise') as PromiseConstructor;
  const { data, notices } = await outcomeOf(
    tapEvents<number>(() => Foreign.reject(new Error('down'))),
    [1, 2],
  );
  expect(data).toEqual([1, 2]);
  expect(notices).toHaveLength(1);
});

test('a delivery of more events than a call has arguments is throttled', async () => {
  const all = Array.from({ length: 150_000 }, (_, n) => n);
  const operator = (deliveries: Parameters<ReturnType<typeof throttleEvents<number>>>[0]) =>
    throttleEvents<number>({ events: 1, perMs: 1e-9 })(batchBy<number>({ events: all.length, ms: 60_000 })(deliveries));
  const { data } = await outcomeOf(operator, all, all.length);
  expect(data).toHaveLength(all.length);
});

test('events of types that objects have by birth are of no known version', async () => {
  const source = memorySource<number>();
  source.push({ key: 'a', data: 1, type: '__proto__' }, { key: 'a', data: 2, type: 'constructor.v2' });
  source.end();
  const sink = memorySink<number>();
  await pipeline('types')
    .from(source)
    .pipe(upcastEvents<number, number>({ known: { 1: () => 2 } }))
    .to(sink, { checkpoints: memoryCheckpoints() })
    .run();
  expect(sink.events.map(({ data }) => data)).toEqual([1, 2]);
});

test('a state that can not be kept fails in the open, and counts nothing', async () => {
  const store = memoryState();
  const operator = aggregateEvents<number, unknown>({ store, scope: 's', initial: () => 0n, reduce: () => 1n });
  await expect(outcomeOf(operator, [1])).rejects.toThrow();
  expect(await store.read('s', ['k1'])).toEqual(new Map());
});
