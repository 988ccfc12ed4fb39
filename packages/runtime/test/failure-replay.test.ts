import type { DeadLetterStore, SinkFeatures } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { batchBy, mapEvents, partitionByKey } from '../src/index.js';
import { busy, poisoned, refusingSink } from './support/refusing-sink.js';
import { at, type Data, given, none, ns, open, range, running } from './support/replaying.js';
import { gate } from './support/scripted-source.js';

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
