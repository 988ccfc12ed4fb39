import { ComponentError } from '@sluice/contracts';
import { assertSettled, waitFor } from '@sluice/testkit';
import { type OperatorFunction, tap } from 'rxjs';
import { expect, test, vi } from 'vitest';
import {
  batchBy,
  type Delivery,
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  partitionByKey,
  pipeline,
} from '../src/index.js';
import type { Numbered } from './support/events.js';
import { batches, batchOf, gate, scriptedLane, scriptedSource, sinkOf, until } from './support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

const retry = { maxAttempts: 3, initialMs: 1, maxMs: 1 };
const after = (action: (delivery: Delivery<Numbered>) => Promise<void>) =>
  tap((delivery: Delivery<Numbered>) => delivery.afterDurable(() => action(delivery)));

test('what is due once a delivery is durable comes after its write, and before the position moves on', async () => {
  const source = memorySource<Numbered>();
  const [write, mark] = [gate(), gate()];
  const order: string[] = [];
  const running = pipeline('test')
    .from(source)
    .pipe(
      after(async () => {
        order.push('due');
        await mark.promise;
        order.push('done');
      }),
    )
    .to(
      sinkOf(async () => {
        await write.promise;
        order.push('written');
      }),
      { checkpoints: memoryCheckpoints(), retry },
    );
  const ended = running.run();
  source.push({ data: { lane: 'a', n: 0 } });
  await waitFor(() => running.report().stages.at(-1)?.held === 1, { what: 'the write' });
  expect(order).toEqual([]);
  write.resolve();
  await waitFor(() => order.length === 2, { what: 'the action' });
  expect(order).toEqual(['written', 'due']);
  expect(running.report().unsettled).toBe(1);
  expect(source.confirmed).toBe(0);
  mark.resolve();
  await running.caughtUp();
  await running.drain();
  await ended;
  expect(source.confirmed).toBe(1);
  assertSettled(running.report());
});

const through: Record<string, OperatorFunction<Delivery<Numbered>, Delivery<Numbered>>> = {
  'cut by partition': partitionByKey({ partitions: 3 }),
  joined: batchBy({ events: 12, ms: 5 }),
};
for (const [how, operator] of Object.entries(through)) {
  for (const delivery of ['plain', 'atomic'] as const) {
    test(`it is done once for each delivery that is ${how} later on, over a sink that is ${delivery}`, async () => {
      const sink = memorySink<Numbered>({ delivery });
      const done: string[] = [];
      const running = pipeline('test', { checkpointIntervalMs: 0 })
        .from(batches(6))
        .pipe(
          after(async ({ events }) => {
            const written = new Set(sink.events.map(({ id }) => id));
            expect(events.every(({ id }) => written.has(id))).toBe(true);
            done.push(events[0]?.id ?? '');
          }),
          operator,
        )
        .to(sink, { ...(delivery === 'plain' ? { checkpoints: memoryCheckpoints() } : {}), retry });
      const ended = running.run();
      await waitFor(() => done.length === 6, { what: 'all of them' });
      await running.drain();
      await ended;
      expect(done.sort()).toEqual([0, 5, 10, 15, 20, 25].map((n) => `a-${n}`).sort());
      expect(sink.events).toHaveLength(30);
      assertSettled(running.report());
    });
  }
}

test('of an atomic sink later batches are written while it is still to be done', async () => {
  const sink = memorySink<Numbered>({ delivery: 'atomic' });
  const mark = gate();
  const running = pipeline('test')
    .from(batches(4))
    .pipe(after(() => mark.promise))
    .to(sink, { retry });
  const ended = running.run();
  await waitFor(() => sink.events.length === 20, { what: 'all writes' });
  expect(running.report().unsettled).toBe(4);
  mark.resolve();
  expect((await running.drain()).complete).toBe(true);
  await ended;
});

test('one that fails is tried again; after that the pipeline starts anew, and delivers its batch again', async () => {
  const sink = memorySink<Numbered>();
  let tries = 0;
  const running = pipeline('test', { notice: () => {} })
    .from(batches(1))
    .pipe(
      after(async () => {
        tries += 1;
        if (tries < 5) throw new ComponentError('TEST_STORE', 'gone', { retry: 'backoff' });
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints(), retry });
  const ended = running.run();
  await waitFor(() => tries === 5, { what: 'the second opening' });
  await running.caughtUp();
  await running.drain();
  await ended;
  expect(running.report().counters.generations).toBe(2);
  expect(sink.events).toHaveLength(10);
});

test('of a lane that was taken away it is never done: what is settled there may not have been written', async () => {
  let due = 0;
  const write = gate();
  const lane = scriptedLane('a', async function* () {
    yield batchOf('a', 0, 5);
    yield batchOf('a', 5, 10);
    await new Promise(() => {});
  });
  const source = scriptedSource(async function* (_, closed) {
    yield lane;
    await until(closed);
  });
  const running = pipeline('test')
    .from(source)
    .pipe(
      after(async () => {
        due += 1;
      }),
    )
    .to(
      sinkOf(() => write.promise),
      { checkpoints: memoryCheckpoints(), retry },
    );
  const ended = running.run();
  await waitFor(() => running.report().counters.received === 10, { what: 'the events' });
  await lane.revoke(1);
  write.resolve();
  await running.drain();
  await ended;
  expect(due).toBe(0);
});

test('it waits for what became a dead letter too', async () => {
  const store = memoryDeadLetters();
  const put = gate();
  const order: string[] = [];
  const running = pipeline('test')
    .from(batches(1))
    .pipe(
      after(async () => void order.push('due')),
      mapEvents((data) => {
        if (data.n === 2) throw new RangeError('two');
        return data;
      }),
    )
    .to(memorySink<Numbered>(), {
      checkpoints: memoryCheckpoints(),
      deadLetters: {
        ...store,
        async put(letters) {
          await put.promise;
          await store.put(letters);
          order.push('buried');
        },
      },
      retry,
    });
  const ended = running.run();
  await waitFor(() => running.report().counters.written === 4, { what: 'the others' });
  expect(order).toEqual([]);
  put.resolve();
  await waitFor(() => order.length === 2, { what: 'both' });
  expect(order).toEqual(['buried', 'due']);
  await running.drain();
  await ended;
});

test('a drain waits for it until its deadline, and says what it gave up', async () => {
  const running = pipeline('test')
    .from(batches(1))
    .pipe(after(() => new Promise(() => {})))
    .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints(), retry });
  const ended = running.run();
  await waitFor(() => running.report().counters.written === 5, { what: 'the write' });
  const { complete, givenUp } = await running.drain({ timeoutMs: 30 });
  await ended;
  expect(complete).toBe(false);
  expect(givenUp.get('a')).toBe(5);
});
