import type { DeadLetterStore, SinkFeatures } from '@sluice/contracts';
import { ComponentError } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import {
  batchBy,
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySource,
  partitionByKey,
  pipeline,
  type RunningPipeline,
  type ToOptions,
} from '../src/index.js';
import { type Numbered, numbered } from './support/events.js';
import { busy, poisoned, refusingSink } from './support/refusing-sink.js';
import { batches, gate } from './support/scripted-source.js';

type Data = { readonly n: number; readonly key: string };
const at = (key: string, ...numbers: number[]) => numbers.map((n) => ({ key, data: { n, key } }));
const ns = (events: readonly { readonly data: unknown }[]) => events.map(({ data }) => (data as Data | null)?.n);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

function given(options: ToOptions = {}) {
  const source = memorySource<Data>({ batch: 3 });
  const deadLetters = memoryDeadLetters();
  const from = pipeline('test', { notice: () => {}, checkpointIntervalMs: 1 }).from(source);
  const to: ToOptions = {
    checkpoints: memoryCheckpoints(),
    deadLetters,
    onFailure: 'park',
    deadLetterPollMs: 20,
    retry: { initialMs: 1, maxMs: 2, maxAttempts: 3 },
    ...options,
  };
  return { source, deadLetters, from, to };
}

async function running<T>(pipe: RunningPipeline, body: () => Promise<T>): Promise<T> {
  const ended = pipe.run();
  try {
    return await body();
  } finally {
    await pipe.drain({ timeoutMs: 2_000 });
    await ended;
  }
}

const open = async (store: DeadLetterStore) =>
  (await store.list({ pipeline: 'test', limit: 10_000 })).filter(
    ({ status }) => status === 'waiting' || status === 'requested',
  );
const none = (store: DeadLetterStore) =>
  waitFor(async () => (await open(store)).length === 0, { what: 'no open letter' });

const kinds: SinkFeatures['delivery'][] = ['plain', 'idempotent', 'atomic'];

describe.each(kinds)('into a %s sink', (kind) => {
  test('a parked key is replayed in order, with what followed and what comes meanwhile, and then flows again', async () => {
    const { source, deadLetters, from, to } = given();
    let bad = true;
    const sink = refusingSink<Data>(({ data }) => (bad && data?.n === 1 ? poisoned() : undefined), kind);
    const pipe = from.to(sink, to);
    await running(pipe, async () => {
      source.push(...at('a', 0), ...at('b', 100), ...at('a', 1));
      await pipe.caughtUp();
      source.push(...at('a', ...range(2, 30)), ...at('b', 101));
      await pipe.caughtUp();
      expect(await open(deadLetters)).toHaveLength(29);
      bad = false;
      expect(await pipe.deadLetters.request({ ids: [deadLetters.letters[0]?.id ?? ''] }, 'ann')).toBe(1);
      source.push(...at('a', ...range(30, 40)));
      await pipe.caughtUp();
      await none(deadLetters);
      source.push(...at('a', 40));
      await pipe.caughtUp();
      await none(deadLetters);
      const ofA = ns(sink.taken.filter(({ key }) => key === 'a'));
      expect(ofA).toEqual(range(0, 41));
      const [first] = deadLetters.letters;
      const trail = await pipe.deadLetters.audit(first?.id ?? '');
      expect(trail.map(({ action }) => action)).toEqual(['put', 'requested', 'replayed']);
      expect(trail[1]?.by).toBe('ann');
      expect(pipe.report()).toMatchObject({ unsettled: 0, credits: { bytes: 0, batches: 0 } });
    });
  });

  test('a letter that fails again waits again, with its tries added, and its followers behind it', async () => {
    const { source, deadLetters, from, to } = given();
    const sink = refusingSink<Data>(({ data }) => (data?.n === 0 ? busy() : undefined), kind);
    const pipe = from.to(sink, to);
    await running(pipe, async () => {
      source.push(...at('a', 0), ...at('b', 1));
      await pipe.caughtUp();
      source.push(...at('a', 2, 3));
      await pipe.caughtUp();
      expect(await pipe.deadLetters.request()).toBe(3);
      await waitFor(async () => (await pipe.deadLetters.list({ status: 'waiting' })).length === 3, {
        what: 'the failure',
      });
      expect(deadLetters.letters).toMatchObject([
        { event: { id: 'memory-0' }, attempts: 6, cause: { code: 'TEST_BUSY' } },
        { event: { id: 'memory-2' }, attempts: 0 },
        { event: { id: 'memory-3' }, attempts: 0 },
      ]);
      expect(ns(sink.taken.filter(({ key }) => key === 'a'))).toEqual([]);
      expect(pipe.report().counters).toMatchObject({ replayed: 0, deadLetters: 3 });
    });
  });

  test('a skipped event is replayed once, alone', async () => {
    const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
    let bad = true;
    const sink = refusingSink<Data>(({ data }) => (bad && data?.n === 1 ? poisoned() : undefined), kind);
    const pipe = from.to(sink, to);
    await running(pipe, async () => {
      source.push(...at('a', 0, 1), ...at('b', 2));
      await pipe.caughtUp();
      bad = false;
      await pipe.deadLetters.request();
      await none(deadLetters);
      expect(ns(sink.taken)).toEqual([0, 2, 1]);
      expect(pipe.report().counters.replayed).toBe(1);
    });
  });
});

test('a letter enters at the stage that failed, as that had received it', async () => {
  const { source, deadLetters, from, to } = given();
  let bad = true;
  const seen: number[] = [];
  const sink = refusingSink<Data>(() => undefined);
  const pipe = from
    .pipe(
      mapEvents((data: Data) => {
        seen.push(data.n);
        return { ...data, n: data.n * 10 };
      }),
      batchBy({ events: 1_000, ms: 60_000 }),
      mapEvents((data) => {
        if (bad && data.n === 10) throw new Error('bad');
        return { ...data, n: data.n + 1 };
      }),
      partitionByKey({ partitions: 2 }),
    )
    .to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1, 2));
    await waitFor(() => seen.length === 3, { what: 'the first stage' });
    await pipe.drain();
  });
  expect(ns(sink.taken)).toEqual([1]);
  expect(deadLetters.letters.map(({ stage }) => stage)).toEqual(['stage 3 (mapEvents)', 'stage 3 (mapEvents)']);
  bad = false;
  const again = from
    .pipe(
      mapEvents((data: Data) => {
        seen.push(data.n);
        return data;
      }),
      batchBy({ events: 1_000, ms: 60_000 }),
      mapEvents((data) => ({ ...data, n: data.n + 1 })),
    )
    .to(sink, to);
  await running(again, async () => {
    await again.deadLetters.request();
    await none(deadLetters);
  });
  expect(ns(sink.taken)).toEqual([1, 11, 21]);
  expect(seen).toEqual([0, 1, 2]);
});

test('an event that fails in the sink after a later one of its key has failed in a stage is replayed first', async () => {
  const { source, deadLetters, from, to } = given();
  const bad = new Set([0, 1]);
  const held = gate();
  const inner = refusingSink<Data>(({ data }) => (bad.has(data?.n ?? -1) ? poisoned() : undefined));
  const sink = {
    ...inner,
    async open() {
      const session = await inner.open({} as never);
      return {
        [Symbol.asyncDispose]: async () => {},
        async write(events: Parameters<typeof session.write>[0], ctx: Parameters<typeof session.write>[1]) {
          await held.promise;
          await session.write(events, ctx);
        },
      };
    },
  };
  const stage = mapEvents((data: Data) => {
    if (data.n === 1 && bad.has(1)) throw new Error('bad');
    return data;
  });
  let looks = 0;
  const list: DeadLetterStore['list'] = (filter) => {
    if (filter.status === 'requested') looks += 1;
    return deadLetters.list(filter);
  };
  const pipe = from.pipe(stage).to(sink, { ...to, deadLetters: { ...deadLetters, list } });
  await running(pipe, async () => {
    source.push(...at('a', 0, 1, 2));
    await waitFor(() => deadLetters.letters.length > 0, { what: 'the later one to be stored' });
    bad.delete(1);
    // Asked for while the earlier one is still on its way: it waits for that.
    await pipe.deadLetters.request();
    await waitFor(() => looks > 2, { what: 'somebody to have looked for requested letters' });
    held.resolve();
    await waitFor(() => deadLetters.letters.length === 3, { what: 'the earlier one' });
    expect(ns(deadLetters.letters.map(({ event }) => event))).toEqual([1, 2, 0]);
    // Not even then: the earlier one must be asked for too.
    await waitFor(() => deadLetters.letters[0]?.status === 'waiting', { what: 'the later one to be refused' });
    expect(deadLetters.letters[0]).toMatchObject({ attempts: 1, cause: { code: 'UNKNOWN' } });
    await pipe.deadLetters.request({ ids: [deadLetters.letters[0]?.id ?? ''] });
    await waitFor(() => deadLetters.letters[0]?.status === 'waiting', { what: 'it to be refused again' });
    expect(ns(inner.taken)).toEqual([]);
    bad.clear();
    await waitFor(
      async () => {
        await pipe.deadLetters.request();
        return (await open(deadLetters)).length === 0;
      },
      { what: 'the replay' },
    );
    expect(ns(inner.taken)).toEqual([0, 1, 2]);
  });
});

test('a letter of a stage that there is no more waits again, and says so', async () => {
  const { source, deadLetters, from, to } = given();
  const fail = mapEvents((): Data => {
    throw new Error('bad');
  });
  const sink = refusingSink<Data>(() => undefined);
  const pipe = from.pipe(fail).to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1));
    await pipe.caughtUp();
  });
  const other = from.to(sink, to);
  await running(other, async () => {
    await other.deadLetters.request();
    await waitFor(() => deadLetters.letters[0]?.cause.code === 'DEAD_LETTER_STAGE_UNKNOWN', { what: 'the answer' });
    await waitFor(async () => (await other.deadLetters.list({ status: 'waiting' })).length === 2, {
      what: 'both to wait',
    });
  });
});

test('what one replayed letter became fails: the letter waits again', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(({ data }) => (data?.n === 10 ? poisoned() : undefined));
  const pipe = from
    .pipe(
      mapEvents((data: Data) => {
        if (bad) throw new Error('bad');
        return { ...data, n: 10 };
      }),
    )
    .to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0));
    await pipe.caughtUp();
    bad = false;
    await pipe.deadLetters.request();
    await waitFor(() => deadLetters.letters[0]?.cause.code === 'TEST_POISON', { what: 'the failure' });
    expect(deadLetters.letters).toMatchObject([{ status: 'waiting', attempts: 2, stage: 'stage 1 (mapEvents)' }]);
  });
});

test('an edited letter is replayed as it was edited; a discarded one is not, and its key flows again', async () => {
  const { source, deadLetters, from, to } = given();
  const sink = refusingSink<Data>(({ data }) => (data !== null && data.n < 0 ? poisoned() : undefined));
  const pipe = from.to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', -1), ...at('b', -2));
    await pipe.caughtUp();
    const [a, b] = await pipe.deadLetters.list();
    if (!a || !b) throw new Error('two letters were expected');
    await pipe.deadLetters.edit(a.id, a.event.with({ n: 1, key: 'a' }), 'ann');
    await expect(pipe.deadLetters.edit(a.id, a.event.with({ n: 1 }, { key: 'c' }))).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
    await pipe.deadLetters.request({ ids: [a.id] });
    expect(await pipe.deadLetters.discard({ ids: [b.id] })).toBe(1);
    await none(deadLetters);
    expect(ns(sink.taken)).toEqual([1]);
    await waitFor(
      async () => {
        source.push(...at('b', 3));
        await pipe.caughtUp();
        await pipe.deadLetters.discard({ key: 'b' });
        return ns(sink.taken).includes(3);
      },
      { what: 'the key to flow again' },
    );
  });
});

test('what is requested while nothing runs, or in another process, is replayed by the one that runs', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(() => (bad ? poisoned() : undefined));
  const first = from.to(sink, to);
  await running(first, async () => {
    source.push(...at('a', 0), ...at('b', 1));
    await first.caughtUp();
  });
  bad = false;
  await deadLetters.request({ pipeline: 'test', key: 'a' }, 'somebody');
  const second = from.to(sink, to);
  await running(second, async () => {
    await waitFor(() => ns(sink.taken).length === 1, { what: 'the first' });
    await deadLetters.request({ pipeline: 'test', key: 'b' }, 'somebody');
    await none(deadLetters);
  });
  expect(ns(sink.taken)).toEqual([0, 1]);
});

test('letters of a lane that another instance holds are left to it', async () => {
  const { deadLetters, to } = given({ onFailure: 'skip' });
  const { checkpoints } = to;
  const sink = refusingSink<Numbered>(() => undefined);
  await checkpoints?.acquire('test', 'refusing', 'elsewhere', 'another');
  const event = numbered('elsewhere', 0);
  const letter = { pipeline: 'test', sink: 'refusing', position: { resume: '', within: 0 }, stage: 'sink refusing' };
  const more = { cause: { code: 'X', message: 'x' }, attempts: 1, at: new Date(), parked: false };
  await deadLetters.put([{ ...letter, ...more, lane: 'elsewhere', event }]);
  const pipe = pipeline('test').from(batches(1, 1)).to(sink, to);
  await running(pipe, async () => {
    await pipe.deadLetters.request();
    await waitFor(() => sink.taken.length === 1, { what: 'the event of its own lane' });
    await deadLetters.put([{ ...letter, ...more, lane: 'ended', event: event.with(event.data, { idSuffix: 'x' }) }]);
    await pipe.deadLetters.request();
    await waitFor(() => sink.taken.length === 2, { what: 'the letter of a lane that nobody holds' });
  });
  expect((await open(deadLetters)).map(({ lane }) => lane)).toEqual(['elsewhere']);
});

test('a replayed letter that breaks its stage does not break the pipeline again and again', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(({ data }) => {
    if (!bad) throw new ComponentError('TEST_OPERATOR', 'a person must act', { retry: 'operator' });
    return data?.n === 0 ? poisoned() : undefined;
  });
  const pipe = from.to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1));
    await pipe.caughtUp();
    bad = false;
    await pipe.deadLetters.request();
    await waitFor(() => deadLetters.letters[0]?.cause.code === 'TEST_OPERATOR', { what: 'the failure' });
    expect(deadLetters.letters[0]?.status).toBe('waiting');
    expect(pipe.state).toBe('running');
  });
});

test('letters that are on their way when a drain ends stay requested, and the report says so', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(() => (bad ? poisoned() : undefined));
  const pipe = from.to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0));
    await pipe.caughtUp();
  });
  bad = false;
  const hung = { ...sink, open: async () => ({ ...(await sink.open({} as never)), write: hang }) };
  const stuck = from.to(hung, to);
  const ended = stuck.run();
  await stuck.deadLetters.request();
  await waitFor(() => stuck.report().stages.at(-1)?.held === 1, { what: 'the replay' });
  expect(await stuck.drain({ timeoutMs: 20 })).toMatchObject({
    complete: false,
    givenUp: new Map([['dead letters', 1]]),
  });
  await ended;
  expect(deadLetters.letters[0]?.status).toBe('requested');
});

const hang = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
