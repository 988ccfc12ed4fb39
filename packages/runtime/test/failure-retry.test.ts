import { BatchError, ComponentError, type DeadLetterStore, type Envelope, type SinkFeatures } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import {
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySource,
  pipeline,
  type ToOptions,
} from '../src/index.js';
import { busy, poisoned, refusingSink } from './support/refusing-sink.js';
import { batches, batchOf, gate, scriptedLane, scriptedSource, sinkOf, until } from './support/scripted-source.js';

type Data = { readonly n: number; readonly key: string };
const events = (count: number, keys = 3) =>
  Array.from({ length: count }, (_, n) => ({ key: `k${n % keys}`, data: { n, key: `k${n % keys}` } }));
const ns = (all: readonly { readonly data: unknown }[]) => all.map(({ data }) => (data as Data).n);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

function given(options: ToOptions = {}, batch = 5) {
  const source = memorySource<Data>({ batch });
  const deadLetters = memoryDeadLetters();
  const from = pipeline('test', { notice: () => {}, checkpointIntervalMs: 1 }).from(source);
  const retry = { initialMs: 1, maxMs: 2, maxAttempts: 3 };
  return { source, deadLetters, from, to: { checkpoints: memoryCheckpoints(), deadLetters, retry, ...options } };
}

const kinds: SinkFeatures['delivery'][] = ['plain', 'idempotent', 'atomic'];

describe.each(kinds)('a %s sink', (kind) => {
  test('good events of a batch settle while a bad one is tried again alone, and its key keeps its order', async () => {
    const { source, deadLetters, from, to } = given({}, 9);
    source.push(...events(9));
    source.end();
    const sink = refusingSink<Data>(({ data }, time) => (data?.n === 1 && time < 3 ? busy() : undefined), kind);
    await from.to(sink, to).run();
    expect(deadLetters.letters).toEqual([]);
    expect(new Set(ns(sink.taken))).toEqual(new Set(kind === 'idempotent' ? [0, 2, 3, 4, 5, 6, 7, 8] : range(9)));
    expect(ns(sink.taken.filter(({ key }) => key === 'k1')).at(-1)).toBe(7);
    const times = (n: number) => sink.given.get(`memory-${n}`);
    expect(times(1)).toBe(3);
    // Others are not given again; later ones of its key are, to a sink that has no versions, and all are to one that took none.
    expect(times(0)).toBe(kind === 'atomic' ? 3 : 1);
    expect(times(4)).toBe(kind === 'idempotent' ? 1 : 3);
    if (kind === 'atomic') expect(ns(sink.taken)).toEqual(range(9));
  });

  test.each([
    ['first', [0]],
    ['last', [19]],
    ['alone in its batch', [5, 6, 7, 8, 9]],
    ['everywhere', range(20)],
  ])('a poison event that is %s ends as a dead letter after its tries, and nothing else does', async (_, bad) => {
    const { source, deadLetters, from, to } = given();
    source.push(...events(20));
    source.end();
    const sink = refusingSink<Data>(({ data }) => (bad.includes(data?.n ?? -1) ? busy() : undefined), kind);
    await from.to(sink, to).run();
    expect(ns(deadLetters.letters.map(({ event }) => event))).toEqual(bad);
    expect(deadLetters.letters.every(({ attempts }) => attempts === 3)).toBe(true);
    expect([...new Set(ns(sink.taken))].sort((a, b) => a - b)).toEqual(range(20).filter((n) => !bad.includes(n)));
  });

  test('10,000 poison events are dead letters, in order', async () => {
    const { source, deadLetters, from, to } = given({}, 100);
    source.push(...events(10_000));
    source.end();
    const sink = refusingSink<Data>(() => poisoned(), kind);
    const running = from.to(sink, to);
    await running.run();
    expect(ns(deadLetters.letters.map(({ event }) => event))).toEqual(range(10_000));
    expect(running.report()).toMatchObject({ counters: { deadLetters: 10_000, written: 0 }, unsettled: 0 });
  }, 60_000);

  test('tries that were made before a crash count after it', async () => {
    const { source, deadLetters, from, to } = given({ retry: { initialMs: 60_000, maxMs: 60_000, maxAttempts: 4 } });
    source.push(...events(5));
    const sink = refusingSink<Data>(({ data }) => (data?.n === 2 ? busy() : undefined), kind);
    for (const tried of [1, 2, 3]) {
      const crashing = from.to(sink, to);
      const ended = crashing.run();
      await waitFor(async () => (await deadLetters.attempts('test', 'refusing')).get('memory-2') === tried, {
        what: `the note of try ${tried}`,
      });
      await crashing.drain({ timeoutMs: 0 });
      await ended;
    }
    expect(deadLetters.letters).toEqual([]);
    source.end();
    await from.to(sink, to).run();
    expect(deadLetters.letters).toMatchObject([{ event: { id: 'memory-2' }, attempts: 4 }]);
    expect(await deadLetters.attempts('test', 'refusing')).toEqual(new Map());
  });
});

test('what is noted of an event that is written in the end is forgotten', async () => {
  const { source, deadLetters, from, to } = given();
  const notes: [string, number][] = [];
  const noting: DeadLetterStore = {
    ...deadLetters,
    async noteAttempts(name, sink, attempts) {
      notes.push(...attempts);
      await deadLetters.noteAttempts(name, sink, attempts);
    },
  };
  source.push(...events(5));
  source.end();
  await from
    .to(
      refusingSink<Data>(({ data }, time) => (data?.n === 2 && time < 3 ? busy() : undefined)),
      { ...to, deadLetters: noting },
    )
    .run();
  expect(notes).toEqual([
    ['memory-2', 1],
    ['memory-2', 2],
    ['memory-2', 0],
  ]);
});

test('an outage of the whole sink is not held against its events', async () => {
  const { source, deadLetters, from, to } = given();
  source.push(...events(5));
  source.end();
  let writes = 0;
  const sink = sinkOf(async (given) => {
    writes += 1;
    if (writes < 20) throw new ComponentError('TEST_DOWN', 'down');
    if (writes < 22) throw new BatchError(new Map(given.map((_, index) => [index, busy()])));
  });
  await from.to(sink as never, to).run();
  expect(deadLetters.letters).toEqual([]);
  expect(writes).toBe(22);
});

test.each(['plain', 'idempotent'] as const)(
  'a %s sink that names no event: those that cannot be written alone are dead letters',
  async (kind) => {
    const { source, deadLetters, from, to } = given();
    source.push(...events(10));
    source.end();
    const written: number[] = [];
    const sink = {
      ...sinkOf(async (all) => {
        if (ns(all).some((n) => n === 3 || n === 4)) throw new Error('row 3 or so');
        written.push(...ns(all));
      }),
      features: { delivery: kind },
    };
    await from.to(sink as never, to).run();
    expect(ns(deadLetters.letters.map(({ event }) => event))).toEqual([3, 4]);
    expect(written.sort()).toEqual([0, 1, 2, 5, 6, 7, 8, 9]);
  },
);

test('an atomic sink that names no event: one alone is a dead letter and its checkpoint is stored, several fail the pipeline', async () => {
  const { source, deadLetters, from, to } = given({}, 1);
  const inner = refusingSink<Data>(() => undefined, 'atomic');
  const sink = {
    ...inner,
    async open() {
      const session = await inner.open({} as never);
      return {
        ...session,
        [Symbol.asyncDispose]: async () => {},
        async write(all: readonly Envelope<Data>[], ctx: Parameters<typeof session.write>[1]) {
          if (ns(all).includes(1)) throw poisoned();
          await session.write(all, ctx);
        },
      };
    },
  };
  const running = from.to(sink, to);
  const ended = running.run();
  source.push(...events(1));
  await running.caughtUp();
  source.push({ key: 'a', data: { n: 1, key: 'a' } });
  await running.caughtUp();
  expect(deadLetters.letters).toMatchObject([{ event: { id: 'memory-1' } }]);
  await waitFor(() => source.confirmed === 2, { what: 'the checkpoint' });
  await running.drain();
  await ended;
  const many = given();
  many.source.push(...events(2), ...events(5));
  await expect(many.from.to(sink, many.to).run()).rejects.toMatchObject({ code: 'PIPELINE_EVENT_FAILED' });
});

test.each(kinds)('a %s sink that fails every third write has everything in the end', async (kind) => {
  const { source, deadLetters, from, to } = given();
  source.push(...events(200));
  source.end();
  const inner = refusingSink<Data>(() => undefined, kind);
  let writes = 0;
  const sink = {
    ...inner,
    async open() {
      const session = await inner.open({} as never);
      return {
        ...session,
        [Symbol.asyncDispose]: async () => {},
        async write(all: readonly Envelope<Data>[], ctx: Parameters<typeof session.write>[1]) {
          writes += 1;
          if (writes % 3 === 0) throw new Error('every third');
          await session.write(all, ctx);
        },
      };
    },
  };
  await from.to(sink, to).run();
  expect(deadLetters.letters).toEqual([]);
  expect(ns(inner.taken)).toEqual(range(200));
});

test('a drain during a retry ends with what could be written', async () => {
  const { source, from, to } = given({ retry: { initialMs: 20, maxMs: 20, maxAttempts: 100 } });
  source.push(...events(5));
  let refuse = true;
  const sink = refusingSink<Data>(({ data }) => (refuse && data?.n === 2 ? busy() : undefined));
  const running = from.to(sink, to);
  const ended = running.run();
  await waitFor(() => (sink.given.get('memory-2') ?? 0) > 1, { what: 'a retry' });
  const drained = running.drain({ timeoutMs: 10_000 });
  refuse = false;
  expect(await drained).toMatchObject({ complete: true, givenUp: new Map() });
  await ended;
  expect(source.confirmed).toBe(5);
});

test('a sink that hangs keeps no drain beyond its deadline, and the report says what was given up', async () => {
  const sink = sinkOf(
    (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const running = pipeline('test', { notice: () => {} })
    .from(batches(3))
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters: memoryDeadLetters() });
  const ended = running.run();
  await waitFor(() => running.report().counters.received === 15, { what: 'the events' });
  expect(await running.drain({ timeoutMs: 50 })).toMatchObject({ complete: false, givenUp: new Map([['a', 15]]) });
  await ended;
});

/** One lane of `count` batches that can be taken away, and comes back with what was not confirmed. */
function revocable(count: number, bytes = 100) {
  let lane: ReturnType<typeof scriptedLane> | undefined;
  const back = gate();
  const source = scriptedSource(async function* (ctx, closed) {
    const make = (from: number, generation: bigint) =>
      scriptedLane(
        'a',
        async function* () {
          for (let n = from; n < count; n++) yield { ...batchOf('a', n, n + 1), bytes };
          await until(closed);
        },
        { generation },
      );
    lane = make(0, 1n);
    yield lane;
    await Promise.race([back.promise, until(closed)]);
    if (closed.aborted) return;
    const stored = Number.parseInt(ctx.checkpoints.get('a')?.position.resume ?? '0', 16);
    yield make(stored, 2n);
    await until(closed);
  });
  return {
    source,
    async revoke(deadlineMs: number) {
      await lane?.revoke(deadlineMs);
    },
    giveBack: () => back.resolve(),
  };
}

test.each([
  ['during a write', 'hang'],
  ['during a retry', 'busy'],
] as const)('a lane that is taken away %s, with all credits spent, is read again by its next owner', async (_, how) => {
  const lane = revocable(20, 1_000);
  const taken: number[] = [];
  let well = false;
  const held = gate();
  const sink = sinkOf(async (all) => {
    if (!well && how === 'hang') await held.promise;
    if (!well && how === 'busy') throw new BatchError(new Map(all.map((_, index) => [index, busy()])));
    taken.push(...ns(all));
  });
  const deadLetters = memoryDeadLetters();
  const running = pipeline('test', { notice: () => {}, credits: { bytes: 4_000 }, checkpointIntervalMs: 1 })
    .from(lane.source)
    .to(sink, {
      checkpoints: memoryCheckpoints(),
      deadLetters,
      retry: { initialMs: 5, maxMs: 5, maxAttempts: 10_000 },
    });
  const ended = running.run();
  await waitFor(() => running.report().credits.bytes === 4_000, { what: 'the credits to be spent' });
  await lane.revoke(10);
  expect(running.report()).toMatchObject({ credits: { bytes: 0, batches: 0 } });
  well = true;
  held.resolve();
  lane.giveBack();
  await waitFor(() => new Set(taken).size === 20, { what: 'every event' });
  expect(deadLetters.letters).toEqual([]);
  expect(running.report().counters.generations).toBe(1);
  await running.drain();
  await ended;
});

/** A store whose `put` hangs from the first one on, before or after it is durable. */
function dying(store: DeadLetterStore, durable: boolean) {
  const reached = gate();
  const put: DeadLetterStore['put'] = async (letters) => {
    if (durable) await store.put(letters);
    reached.resolve();
    await new Promise(() => {});
  };
  return { store: { ...store, put }, reached: reached.promise };
}

describe.each(kinds)('killed while dead-lettering, before a %s sink', (kind) => {
  test.each([
    ['before', false],
    ['after', true],
  ])('%s the letters are durable: each is there once, and nothing is lost', async (_, durable) => {
    const { source, deadLetters, from, to } = given({ onFailure: 'park' });
    source.push(...events(30));
    const sink = refusingSink<Data>(({ data }) => (data?.n === 4 || data?.n === 20 ? poisoned() : undefined), kind);
    const stage = () =>
      mapEvents((data: Data) => {
        if (data.n === 11) throw new Error('poison');
        return data;
      });
    const killed = dying(deadLetters, durable);
    // It is never closed: what it still holds dies with it.
    void from
      .pipe(stage())
      .to(sink, { ...to, deadLetters: killed.store })
      .run();
    await killed.reached;
    const running = from.pipe(stage()).to(sink, to);
    const ended = running.run();
    await running.caughtUp();
    await running.drain();
    await ended;
    const letters = ns(deadLetters.letters.map(({ event }) => event));
    expect(new Set(letters).size).toBe(letters.length);
    expect([...new Set([...letters, ...ns(sink.taken)])].sort((a, b) => a - b)).toEqual(range(30));
    for (const bad of [4, 11, 20]) expect(letters).toContain(bad);
  });
});
