import { ComponentError, type Sink, type SourceContext } from '@sluice/contracts';
import { expect, test, vi } from 'vitest';
import {
  filterEvents,
  mapEvents,
  memoryCheckpoints,
  memorySink,
  memorySource,
  type Notice,
  pipeline,
} from '../src/index.js';
import type { Numbered } from './support/events.js';
import { at, batchOf, gate, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ key: `k${(from + n) % 5}`, data: from + n }));

test('each branch has its own operators, sink and checkpoints, and the source is read once', async () => {
  const source = memorySource<number>({ batch: 7 });
  let openings = 0;
  const counted = { ...source, open: (ctx: SourceContext) => source.open(ctx).finally(() => openings++) };
  const [even, odd] = [memorySink<number>({ name: 'even' }), memorySink<string>({ name: 'odd' })];
  const checkpoints = memoryCheckpoints();
  const running = pipeline('numbers')
    .from(counted)
    .pipe(filterEvents((n) => n < 90))
    .route({
      even: (branch) => branch.pipe(filterEvents((n) => n % 2 === 0)).to(even, { checkpoints }),
      odd: (branch) =>
        branch
          .pipe(
            filterEvents((n) => n % 2 === 1),
            mapEvents((n) => `odd ${n}`),
          )
          .to(odd, { checkpoints }),
    });
  const done = running.run();
  source.push(...many(100));
  await running.caughtUp();
  expect(running.report()).toMatchObject({
    state: 'running',
    branches: { even: { counters: { received: 100, written: 45 } }, odd: { counters: { received: 100, written: 45 } } },
  });
  source.end();
  await done;
  expect(running.state).toBe('stopped');
  expect(even.events.map(({ data }) => data)).toEqual(Array.from({ length: 45 }, (_, n) => 2 * n));
  expect(odd.events.map(({ data }) => data)).toEqual(Array.from({ length: 45 }, (_, n) => `odd ${2 * n + 1}`));
  expect(openings).toBe(1);
  expect(source.confirmed).toBe(100);
  const stored = await checkpoints.load('numbers');
  expect(stored.map(({ sink, checkpoint }) => [sink, checkpoint?.position])).toEqual([
    ['even', at(100)],
    ['odd', at(100)],
  ]);
});

/** A sink that writes only while its gate is open. */
function gated(name: string) {
  const open = gate();
  const events: number[] = [];
  const sink: Sink<number> = {
    name,
    features: { delivery: 'plain', maxEvents: 10 },
    open: async () => ({
      async write(given) {
        await open.promise;
        events.push(...given.map(({ data }) => data as number));
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
  return { sink, events, open: open.resolve };
}

test('a branch that is stuck holds the source back: what is read, and what is confirmed', async () => {
  const source = memorySource<number>({ batch: 10 });
  const stuck = gated('stuck');
  const fast = memorySink<number>({ name: 'fast' });
  const checkpoints = memoryCheckpoints();
  const running = pipeline('p', { credits: { batches: 5 } })
    .from(source)
    .route(
      { stuck: (b) => b.to(stuck.sink, { checkpoints }), fast: (b) => b.to(fast, { checkpoints }) },
      { buffer: { batches: 3 } },
    );
  const done = running.run();
  source.push(...many(1_000));
  // Five batches on credit, three between the branches.
  await expect.poll(() => fast.events.length, { timeout: 20_000 }).toBe(80);
  await expect
    .poll(async () => (await checkpoints.load('p')).find(({ sink }) => sink === 'fast')?.checkpoint?.position, {
      timeout: 20_000,
    })
    .toEqual(at(80));
  expect([fast.events.length, stuck.events.length, source.confirmed]).toEqual([80, 0, 0]);
  stuck.open();
  await running.caughtUp();
  await running.drain();
  await done;
  expect([fast.events.length, stuck.events.length, source.confirmed]).toEqual([1_000, 1_000, 1_000]);
});

test('a drain settles what every branch has in flight', async () => {
  const source = memorySource<number>({ batch: 10 });
  const slow = gated('slow');
  const fast = memorySink<number>({ name: 'fast' });
  const checkpoints = memoryCheckpoints();
  const running = pipeline('p')
    .from(source)
    .route({ slow: (b) => b.to(slow.sink, { checkpoints }), fast: (b) => b.to(fast, { checkpoints }) });
  const done = running.run();
  source.push(...many(100));
  await expect.poll(() => fast.events.length, { timeout: 20_000 }).toBe(100);
  const draining = running.drain({ timeoutMs: 30_000 });
  slow.open();
  expect(await draining).toMatchObject({ complete: true, branches: { slow: { complete: true } } });
  await done;
  expect(slow.events.length).toBe(100);
  expect(source.confirmed).toBe(100);
});

test('branches that stand at different places are each given what they lack, and nothing twice', async () => {
  const checkpoints = memoryCheckpoints();
  const source = memorySource<number>({ batch: 100 });
  source.push(...many(100));
  const [a, b] = [memorySink<number>({ name: 'a' }), memorySink<number>({ name: 'b' })];
  const stands: Record<string, number> = { a: 33, b: 58 };
  for (const [sink, place] of Object.entries(stands)) {
    const { fence } = await checkpoints.acquire('p', sink, 'memory', 'before');
    const checkpoint = { position: at(place), identity: 'memory:memory' };
    await checkpoints.save([{ pipeline: 'p', sink, lane: 'memory', fence, checkpoint }]);
  }
  const running = pipeline('p')
    .from(source)
    .route({ a: (one) => one.to(a, { checkpoints }), b: (one) => one.to(b, { checkpoints }) });
  const done = running.run();
  source.end();
  await done;
  expect(a.events.map(({ data }) => data)).toEqual(many(67, 33).map(({ data }) => data));
  expect(b.events.map(({ data }) => data)).toEqual(many(42, 58).map(({ data }) => data));
});

test('a sink that breaks takes all branches back to their checkpoints, and is told of once', async () => {
  const source = memorySource<number>({ batch: 10 });
  const notices: Notice[] = [];
  let down = 3;
  const shaky: Sink<number> = {
    ...memorySink<number>({ name: 'shaky' }),
    async open() {
      return {
        async write(events) {
          if (events.some(({ data }) => data === 55) && down-- > 0) {
            throw new ComponentError('TEST_DOWN', 'the sink is down', { retry: 'backoff' });
          }
          written.push(...events.map(({ data }) => data as number));
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
  const written: number[] = [];
  const steady = memorySink<number>({ name: 'steady', delivery: 'atomic' });
  const checkpoints = memoryCheckpoints();
  const running = pipeline('p', { notice: (notice) => notices.push(notice) })
    .from(source)
    .route({
      shaky: (b) => b.to(shaky, { checkpoints, retry: { maxAttempts: 1, initialMs: 1 } }),
      steady: (b) => b.to(steady, { retry: { initialMs: 1 } }),
    });
  const done = running.run();
  source.push(...many(100));
  await running.caughtUp();
  await running.drain();
  await done;
  expect(notices.map(({ code }) => code)).toEqual(['TEST_DOWN', 'TEST_DOWN', 'TEST_DOWN']);
  expect(steady.events.map(({ data }) => data)).toEqual(many(100).map(({ data }) => data));
  expect([...new Set(written)]).toEqual(many(100).map(({ data }) => data));
});

test('a branch that fails for good fails the pipeline, and the others are drained', async () => {
  const source = memorySource<number>({ batch: 10 });
  const good = gated('good');
  const checkpoints = memoryCheckpoints();
  const broken: Sink<number> = {
    ...memorySink<number>({ name: 'broken' }),
    open: async () => ({
      write: async () => Promise.reject(new ComponentError('TEST_BROKEN', 'for good', { retry: 'operator' })),
      async [Symbol.asyncDispose]() {},
    }),
  };
  const running = pipeline('p')
    .from(source)
    .route({ good: (b) => b.to(good.sink, { checkpoints }), broken: (b) => b.to(broken, { checkpoints }) });
  const done = running.run();
  source.push(...many(10));
  await expect.poll(() => running.state, { timeout: 20_000 }).toBe('draining');
  good.open();
  await expect(done).rejects.toMatchObject({ code: 'TEST_BROKEN' });
  expect(running.report()).toMatchObject({ state: 'failed', branches: { good: { state: 'stopped' } } });
  const stored = await checkpoints.load('p');
  expect(stored.find(({ sink }) => sink === 'good')?.checkpoint?.position).toEqual(at(10));
});

test('a lane that is taken away is given back once every branch has settled what it has of it', async () => {
  const lane = scriptedLane('a', async function* () {
    yield batchOf('a', 0, 10);
    await until(new AbortController().signal);
  });
  const source = scriptedSource(async function* (_, closed) {
    yield lane;
    await until(closed);
  });
  const slow = gated('slow');
  const fast = memorySink<Numbered>({ name: 'fast' });
  const checkpoints = memoryCheckpoints();
  const running = pipeline('p')
    .from(source)
    .route({
      slow: (b) => b.pipe(mapEvents(({ n }) => n)).to(slow.sink, { checkpoints }),
      fast: (b) => b.to(fast, { checkpoints }),
    });
  const done = running.run();
  await expect.poll(() => fast.events.length, { timeout: 20_000 }).toBe(10);
  let given = false;
  const back = lane.revoke(60_000).then(() => {
    given = true;
  });
  await expect
    .poll(async () => (await checkpoints.load('p')).find(({ sink }) => sink === 'fast')?.checkpoint?.position, {
      timeout: 20_000,
    })
    .toEqual(at(10));
  expect([given, lane.confirmations]).toEqual([false, []]);
  slow.open();
  await back;
  expect(lane.confirmations.at(-1)).toBe(10);
  await running.drain();
  await done;
});

test('a route is refused without branches, with sinks of one name, or with a branch that is not its own', () => {
  const from = pipeline('p').from(memorySource<number>());
  const to = { checkpoints: memoryCheckpoints() };
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringMatching(message) });
  expect(() => from.route({})).toThrow(refused(/needs a branch/));
  expect(() => from.route({ a: (b) => b.to(memorySink(), to), b: (b) => b.to(memorySink(), to) })).toThrow(
    refused(/branch `b` has a sink named memory, as a has/),
  );
  expect(() => from.route({ a: () => from.to(memorySink(), to) })).toThrow(refused(/branch `a`/));
  expect(() => from.route({ a: (b) => b.to(memorySink(), to) }, { buffer: { bytes: Number.NaN } })).toThrow(
    refused(/route\.buffer\.bytes/),
  );
});
