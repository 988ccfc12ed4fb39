import type { CheckpointStore, ComponentError, Sink } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  batchBy,
  expandEvents,
  memoryCheckpoints,
  memorySink,
  memorySource,
  partitionByKey,
  pipeline,
} from '../src/index.js';
import type { Numbered } from './support/events.js';
import { at, batchOf, gate, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

const many = (count: number) => Array.from({ length: count }, (_, n) => ({ key: `k${n % 5}`, data: n }));
const numbers = (events: readonly { data: number | null }[]) => events.map(({ data }) => data);

/** An atomic table that outlives the instances; `frozen` holds a write back just before its transaction. */
function sharedTable(name: string) {
  const inner = memorySink<number>({ name, delivery: 'atomic' });
  const instance = (frozen?: Promise<void>): Sink<number> => ({
    ...inner,
    async open(ctx) {
      const session = await inner.open(ctx);
      return {
        ...session,
        async write(events, about) {
          await frozen;
          await session.write(events, about);
        },
      };
    },
  });
  return { inner, instance };
}

test('two owners of one lane: the older one is fenced, changes nothing any more, and says so', async () => {
  const source = memorySource<number>({ batch: 10 });
  source.push(...many(50));
  const table = sharedTable('table');
  const thaw = gate();
  const older = pipeline('p').from(source).to(table.instance(thaw.promise));
  const fenced = older.run().catch((error: ComponentError) => error.code);
  await expect.poll(() => older.report().unsettled, { timeout: 20_000 }).toBeGreaterThan(0);
  const newer = pipeline('p').from(source).to(table.instance());
  const done = newer.run();
  await newer.caughtUp();
  const confirmed = source.confirmed;
  thaw.resolve();
  expect(await fenced).toBe('CHECKPOINT_FENCED');
  expect(numbers(table.inner.events)).toEqual(numbers(many(50)));
  expect(source.confirmed).toBe(confirmed);
  await newer.drain();
  await done;
});

test('two owners of a routed pipeline: every branch of the older one is fenced', async () => {
  const source = memorySource<number>({ batch: 10 });
  source.push(...many(50));
  const tables = [sharedTable('a'), sharedTable('b')] as const;
  const thaw = gate();
  const start = (frozen?: Promise<void>) =>
    pipeline('p', { notice: () => undefined })
      .from(source)
      .route({ a: (b) => b.to(tables[0].instance(frozen)), b: (b) => b.to(tables[1].instance(frozen)) });
  const older = start(thaw.promise);
  const fenced = older.run().catch((error: ComponentError) => error.code);
  const unsettled = () => Object.values(older.report().branches).every(({ unsettled }) => unsettled > 0);
  await expect.poll(unsettled, { timeout: 20_000 }).toBe(true);
  const newer = start();
  const done = newer.run();
  await newer.caughtUp();
  thaw.resolve();
  expect(await fenced).toBe('CHECKPOINT_FENCED');
  expect(older.state).toBe('failed');
  for (const { inner } of tables) expect(numbers(inner.events)).toEqual(numbers(many(50)));
  await newer.drain();
  await done;
});

test('whoever takes over, and whenever: an atomic table has each event once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 20 }),
      async (turns, batch) => {
        const source = memorySource<number>({ batch });
        source.push(...many(100));
        const table = sharedTable('table');
        const instances = [];
        for (const wait of turns) {
          const running = pipeline('p', { notice: () => undefined })
            .from(source)
            .to(table.instance(), { retry: { initialMs: 0 } });
          instances.push({ running, end: running.run().catch((error: ComponentError) => error.code) });
          for (let turn = 0; turn < wait; turn++) await new Promise(setImmediate);
        }
        const last = instances.at(-1);
        await last?.running.caughtUp();
        for (const { running } of instances) await running.drain();
        const ends = await Promise.all(instances.map(({ end }) => end));
        for (const end of ends) expect([undefined, 'CHECKPOINT_FENCED']).toContain(end);
        expect(ends.at(-1)).toBeUndefined();
        expect(numbers(table.inner.events)).toEqual(numbers(many(100)));
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

test.each(['single', 'routed'] as const)(
  'a store that is older than what the source was told is an error, not a silent start: %s',
  async (shape) => {
    const checkpoints: CheckpointStore = memoryCheckpoints();
    const { fence } = await checkpoints.acquire('p', 'memory', 'a', 'an older backup');
    const checkpoint = { position: at(10), identity: 'scripted' };
    await checkpoints.save([{ pipeline: 'p', sink: 'memory', lane: 'a', fence, checkpoint }]);
    let read = 0;
    const source = scriptedSource(async function* (_, closed) {
      yield scriptedLane(
        'a',
        async function* () {
          read += 1;
          yield batchOf('a', 20, 30);
        },
        { confirmed: at(20) },
      );
      await until(closed);
    });
    const from = pipeline('p', { notice: () => undefined }).from(source);
    const sink = memorySink<Numbered>();
    const other = memorySink<Numbered>({ name: 'other', delivery: 'atomic' });
    const running =
      shape === 'single'
        ? from.to(sink, { checkpoints })
        : from.route({ one: (b) => b.to(sink, { checkpoints }), two: (b) => b.to(other) });
    await expect(running.run()).rejects.toMatchObject({ code: 'CHECKPOINT_BEHIND' });
    expect([read, sink.events.length, other.events.length]).toEqual([0, 0, 0]);
  },
);

test.each(['single', 'routed'] as const)(
  'out of credits with a split pending: it lets go of what it holds, and ends: %s',
  async (shape) => {
    const source = memorySource<number>({ batch: 10 });
    source.push(...many(200));
    source.end();
    const sinks = [memorySink<number>({ name: 'a' }), memorySink<number>({ name: 'b', delivery: 'atomic' })] as const;
    const checkpoints = memoryCheckpoints();
    // Two batches of credit; every batch is cut in three, and each third gathered up to more than there can ever be.
    const from = pipeline('p', { credits: { batches: 2 }, settlementTimeoutMs: 60_000 })
      .from(source)
      .pipe(
        expandEvents((_, event) => [event, event.with(event.data, { idSuffix: 'again' })]),
        partitionByKey({ partitions: 3 }),
        batchBy({ events: 1_000, ms: 600_000 }),
      );
    const running =
      shape === 'single'
        ? from.to(sinks[0], { checkpoints })
        : from.route(
            { a: (b) => b.to(sinks[0], { checkpoints }), b: (b) => b.to(sinks[1]) },
            { buffer: { batches: 1 } },
          );
    await running.run();
    expect(sinks[0].events.length).toBe(400);
    expect(source.confirmed).toBe(200);
    if (shape === 'routed') expect(sinks[1].events.length).toBe(400);
  },
);
