import { comparePositions, type Source } from '@sluice/contracts';
import { conformance, sourceConformance } from '@sluice/testkit/conformance';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { memoryCheckpoints, memorySink, memorySource, mergeSources, pipeline } from '../src/index.js';
import type { Numbered } from './support/events.js';
import { PartitionedSource } from './support/partitioned-source.js';
import { QueueSource } from './support/queue-source.js';
import { at, batchOf, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

conformance(
  sourceConformance<string>({
    name: 'mergeSources',
    features: { ack: 'cumulative', replayable: true },
    async create() {
      const [a, b] = [memorySource<string>({ batch: 7 }), memorySource<string>({ name: 'other', batch: 5 })];
      return {
        source: () => mergeSources({ a, b }),
        // Each key lives in one part: between two parts there is no order.
        async produce(samples) {
          for (const { key, value } of samples) (key < 'k2' ? a : b).push({ key, data: value });
        },
        value: (event) => event.data ?? '',
        async [Symbol.asyncDispose]() {},
      };
    },
  }),
  { describe, test },
);

const context = (checkpoints = new Map()) => ({
  pipeline: 'p',
  checkpoints,
  maxBatchBytes: 1_000_000,
  signal: new AbortController().signal,
  notice: () => undefined,
});

test('events of all parts arrive, each lane has a checkpoint under its own name, and a part that ends leaves the others running', async () => {
  const [orders, users] = [memorySource<number>({ name: 'orders' }), memorySource<string>({ name: 'users' })];
  const merged = mergeSources({ o: orders, u: users });
  expectTypeOf(merged).toEqualTypeOf<Source<number | string>>();
  const [sink, checkpoints] = [memorySink<number | string>(), memoryCheckpoints()];
  const running = pipeline('p').from(merged).to(sink, { checkpoints });
  const done = running.run();
  orders.push({ data: 1 }, { data: 2 });
  orders.end();
  users.push({ data: 'x' });
  await running.caughtUp();
  users.push({ data: 'y' });
  await running.caughtUp();
  expect(sink.events.map(({ data }) => data).sort()).toEqual([1, 2, 'x', 'y']);
  const stored = async () => (await checkpoints.load('p')).map(({ lane, checkpoint }) => [lane, checkpoint]).sort();
  await expect.poll(stored, { timeout: 20_000 }).toEqual([
    ['o/orders', { position: at(2), identity: 'memory:orders' }],
    ['u/users', { position: at(2), identity: 'memory:users' }],
  ]);
  users.end();
  await done;
  expect([orders.confirmed, users.confirmed]).toEqual([2, 2]);
});

test('a checkpoint that belongs to another part is refused, and one of a part that is gone is left alone', async () => {
  const merged = mergeSources({ a: memorySource({ name: 'x' }), b: memorySource({ name: 'y' }) });
  const stored = (lane: string, identity: string) => new Map([[lane, { position: at(3), identity }]]);
  await expect(merged.open(context(stored('a/x', 'memory:y')))).rejects.toMatchObject({ code: 'CHECKPOINT_IDENTITY' });
  const session = await merged.open(context(stored('gone/z', 'memory:z')));
  expect(session.identityOf?.('b/y')).toBe('memory:y');
  expect(session.bytesBetween?.('b/y', at(1), at(3))).toBe(512);
  await session[Symbol.asyncDispose]();
});

test('a checkpoint from before the sources were merged is left alone, also where its lane begins like a part', async () => {
  const merged = mergeSources({ a: memorySource({ name: 'x' }) });
  await using session = await merged.open(context(new Map([['ab', { position: at(3), identity: 'memory:old' }]])));
  expect(session.identityOf?.('ab')).toBe(session.identity);
});

test('a part that fails to open closes those that did', async () => {
  let closed = 0;
  const fine = scriptedSource(async function* () {}, { dispose: async () => void closed++ });
  const broken = { ...fine, open: () => Promise.reject(new Error('not there')) };
  await expect(mergeSources({ fine, broken }).open(context())).rejects.toThrow('not there');
  expect(closed).toBe(1);
});

test('lanes wait for lanes of their own part, and a partition that comes back goes on where it was', async () => {
  const order: string[] = [];
  const lane = (name: string, after: string[] = []) =>
    scriptedLane(
      name,
      async function* () {
        order.push(name);
        yield batchOf(name, 0, 3);
      },
      { after, ...(after.length > 0 ? { start: at(0) } : {}) },
    );
  const parts = scriptedSource(async function* () {
    yield lane('main', ['part']);
    yield lane('part');
  });
  const partitioned = new PartitionedSource(new Map([['p0', 40]]), 7);
  const [sink, checkpoints] = [memorySink<Numbered>(), memoryCheckpoints()];
  const running = pipeline('p').from(mergeSources({ parts, partitioned })).to(sink, { checkpoints });
  const done = running.run();
  await expect.poll(() => sink.events.length, { timeout: 20_000 }).toBe(46);
  expect(order).toEqual(['part', 'main']);
  await partitioned.revoke('p0', 20_000);
  expect(partitioned.committed.get('p0')).toBe(40);
  partitioned.assign('p0');
  await running.caughtUp();
  await running.drain();
  await done;
  expect([sink.events.length, partitioned.violations]).toEqual([46, []]);
});

test('parts that do not fit together are refused by name', () => {
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringMatching(message) });
  expect(() => mergeSources({})).toThrow(refused(/needs a source/));
  expect(() => mergeSources({ 'a/b': memorySource() })).toThrow(refused(/part `a\/b`/));
  expect(() => mergeSources({ a: memorySource(), b: new QueueSource(1, 1) })).toThrow(refused(/part `b` acks/));
});

test('whatever the parts and however they are interleaved, routed or not, every event of each arrives in its order', async () => {
  const part = fc.record({
    count: fc.integer({ min: 0, max: 60 }),
    size: fc.integer({ min: 1, max: 20 }),
    turns: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean(), async (given, routed) => {
      const sources = given.map(({ count, size, turns }, n) =>
        scriptedSource(
          async function* ({ checkpoints, cuts }, closed) {
            yield scriptedLane('l', async function* () {
              for (
                let from = checkpoints.get('l') ? Number.parseInt(checkpoints.get('l')?.position.resume ?? '', 16) : 0;
                from < count;
              ) {
                for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
                const cut = cuts?.get('l')?.find((place) => comparePositions(place, at(from)) > 0);
                const to = Math.min(count, from + size, cut ? Number.parseInt(cut.resume, 16) : count);
                yield batchOf(`s${n}`, from, to);
                from = to;
              }
            });
            if (n > 0) await until(closed);
          },
          { head: async () => new Map([['l', at(count)]]) },
        ),
      );
      const merged = mergeSources(Object.fromEntries(sources.map((source, n) => [`s${n}`, source])));
      const sinks = [memorySink<Numbered>({ name: 'one', delivery: 'atomic' }), memorySink<Numbered>({ name: 'two' })];
      const checkpoints = memoryCheckpoints();
      for (const timeoutMs of [0, 10_000]) {
        const from = pipeline('p', { notice: () => undefined }).from(merged);
        const running = routed
          ? from.route({
              one: (b) => b.to(sinks[0] as (typeof sinks)[0]),
              two: (b) => b.to(sinks[1] as (typeof sinks)[0], { checkpoints }),
            })
          : from.to(sinks[0] as (typeof sinks)[0]);
        const done = running.run();
        if (timeoutMs > 0) await running.caughtUp();
        else await new Promise(setImmediate);
        await running.drain({ timeoutMs });
        await done;
      }
      for (const [index, { events }] of sinks.slice(0, routed ? 2 : 1).entries()) {
        for (const [n, { count }] of given.entries()) {
          const own = events.flatMap(({ data }) => (data?.lane === `s${n}` ? [data.n] : []));
          const all = Array.from({ length: count }, (_, i) => i);
          if (index === 0) expect(own).toEqual(all);
          else expect([...new Set(own)]).toEqual(all);
        }
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);
