import { type DeadLetterStore, Envelope, type SinkFeatures } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import {
  expandEvents,
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  type Notice,
  partitionByKey,
  pipeline,
  type ToOptions,
} from '../src/index.js';
import { numbered } from './support/events.js';
import { poisoned, refusingSink } from './support/refusing-sink.js';
import { at as place, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

type Data = { readonly n: number; readonly key: string };
const at = (key: string, ...numbers: number[]) => numbers.map((n) => ({ key, data: { n, key } }));
const retry = { initialMs: 1, maxMs: 2, maxAttempts: 3 };

function stage(poison: (data: Data) => boolean) {
  return mapEvents((data: Data) => {
    if (poison(data)) throw new Error('poison');
    return data;
  });
}

function given(options: ToOptions = {}) {
  const source = memorySource<Data>({ batch: 3 });
  const notices: Notice[] = [];
  const from = pipeline('test', { notice: (one) => notices.push(one), checkpointIntervalMs: 1 }).from(source);
  const to: ToOptions = { checkpoints: memoryCheckpoints(), retry, ...options };
  return { source, notices, from, to };
}

const kinds: SinkFeatures['delivery'][] = ['plain', 'idempotent', 'atomic'];
const ns = (events: readonly { readonly data: Data | null }[]) => events.map(({ data }) => data?.n);

describe.each(kinds)('a %s sink', (kind) => {
  test('stop: an event that cannot be processed fails the pipeline, which names event, lane, stage and tries', async () => {
    const { source, from, to } = given({ deadLetters: memoryDeadLetters(), onFailure: 'stop' });
    source.push(...at('a', 0, 1, 2));
    const sink = refusingSink<Data>(({ data }) => (data?.n === 1 ? poisoned() : undefined), kind);
    await expect(from.to(sink, to).run()).rejects.toMatchObject({
      code: 'PIPELINE_EVENT_FAILED',
      details: { event: 'memory-1', lane: 'memory', stage: 'sink refusing', attempts: 1, code: 'TEST_POISON' },
    });
  });

  test('skip: it becomes a dead letter, and later events of its key go on', async () => {
    const deadLetters = memoryDeadLetters();
    const { source, from, to } = given({ deadLetters });
    source.push(...at('a', 0, 1, 2, 3, 4));
    source.end();
    const sink = refusingSink<Data>(({ data }) => (data?.n === 1 ? poisoned() : undefined), kind);
    const running = from.to(sink, to);
    await running.run();
    expect([...new Set(ns(sink.taken))].sort()).toEqual([0, 2, 3, 4]);
    expect(deadLetters.letters).toMatchObject([
      { event: { id: 'memory-1' }, stage: 'sink refusing', attempts: 1, parked: false, cause: { code: 'TEST_POISON' } },
    ]);
    expect(running.report().counters).toMatchObject({ deadLetters: 1, received: 5 });
  });

  test('park: every later event of its key goes to the store in order, other keys flow on', async () => {
    const deadLetters = memoryDeadLetters();
    const { source, from, to } = given({ deadLetters, onFailure: 'park' });
    source.push(...at('a', 0), ...at('b', 1), ...at('a', 2), ...at('a', 3), ...at('b', 4), ...at('a', 5));
    const sink = refusingSink<Data>(({ data }) => (data?.n === 2 ? poisoned() : undefined), kind);
    const running = from.to(sink, to);
    const ended = running.run();
    await running.caughtUp();
    source.push(...at('a', 6), ...at('b', 7));
    await running.caughtUp();
    await running.drain();
    await ended;
    expect(ns(deadLetters.letters.map(({ event }) => event as never))).toEqual([2, 3, 5, 6]);
    expect(deadLetters.letters.map(({ attempts }) => attempts)).toEqual([1, 0, 0, 0]);
    expect(deadLetters.letters.map(({ cause }) => cause.code)).toEqual([
      'TEST_POISON',
      'EVENT_PARKED',
      'EVENT_PARKED',
      'EVENT_PARKED',
    ]);
    const ofB = sink.taken.filter(({ key }) => key === 'b');
    expect([...new Set(ns(ofB))]).toEqual([1, 4, 7]);
    const ofA = ns(sink.taken.filter(({ key }) => key === 'a'));
    if (kind === 'atomic') expect(ofA).toEqual([0]);
  });

  test('park, by an operator: what was before it in the pipeline is written, what comes after it is parked', async () => {
    const deadLetters = memoryDeadLetters();
    const { source, from, to } = given({ deadLetters, onFailure: 'park' });
    source.push(...at('a', 0, 1, 2, 3, 4), ...at('b', 5), ...at('a', 6));
    source.end();
    const sink = memorySink<Data>({ delivery: kind === 'idempotent' ? 'plain' : kind });
    await from
      .pipe(
        mapEvents((data) => data),
        stage(({ n }) => n === 1),
        partitionByKey({ partitions: 3 }),
      )
      .to(sink, to)
      .run();
    expect(ns(sink.events)).toEqual([0, 5]);
    expect(deadLetters.letters.map(({ event, stage: name }) => [(event.data as Data).n, name])).toEqual([
      [1, 'stage 2 (mapEvents)'],
      [2, 'stage 2 (mapEvents)'],
      [3, 'stage 3 (partitionByKey)'],
      [4, 'stage 3 (partitionByKey)'],
      [6, 'stage 3 (partitionByKey)'],
    ]);
  });

  test('a key that was parked before a restart stays parked', async () => {
    const deadLetters = memoryDeadLetters();
    const { source, from, to } = given({ deadLetters, onFailure: 'park' });
    const sink = refusingSink<Data>(({ data }) => (data?.n === 0 ? poisoned() : undefined), kind);
    source.push(...at('a', 0), ...at('b', 1));
    const first = from.to(sink, to);
    const ended = first.run();
    await first.caughtUp();
    await first.drain();
    await ended;
    source.push(...at('a', 2), ...at('b', 3));
    source.end();
    await from.to(sink, to).run();
    expect([...new Set(ns(sink.taken))]).toEqual([1, 3]);
    expect(ns(deadLetters.letters.map(({ event }) => event as never))).toEqual([0, 2]);
  });
});

test.each(['__proto__', 'constructor', '', 'a\r\nb: c', 'k'.repeat(10_000)])(
  'a key may be any text: %j',
  async (key) => {
    const deadLetters = memoryDeadLetters();
    const { source, from, to } = given({ deadLetters, onFailure: 'park' });
    const headers = { 'x\r\ninjected': 'y\r\nz: 1', ['__proto__']: 'p' };
    source.push(...at(key, 0, 1).map((event) => ({ ...event, headers })), ...at('other', 2));
    let bad = true;
    const sink = refusingSink<Data>(({ data }) => (bad && data?.n === 0 ? poisoned() : undefined), 'atomic');
    const running = from.to(sink, to);
    const ended = running.run();
    await running.caughtUp();
    expect(ns(sink.taken)).toEqual([2]);
    bad = false;
    expect(await running.deadLetters.request({ key })).toBe(2);
    await waitFor(() => sink.taken.length === 3, { what: 'the replay' });
    expect(ns(sink.taken)).toEqual([2, 0, 1]);
    expect(sink.taken[1]?.key).toBe(key);
    expect(sink.taken[1]?.headers).toEqual(headers);
    await running.drain();
    await ended;
  },
);

test('one put is under way at a time, however slow: letters are stored in the order of their events', async () => {
  const deadLetters = memoryDeadLetters();
  let underWay = 0;
  let puts = 0;
  const put: DeadLetterStore['put'] = async (letters) => {
    underWay += 1;
    puts += 1;
    expect(underWay).toBe(1);
    // The first takes longest: were others to begin meanwhile, they would come before it.
    for (let turns = puts === 1 ? 20 : 1; turns > 0; turns--) await new Promise(setImmediate);
    await deadLetters.put(letters);
    underWay -= 1;
  };
  const { source, from, to } = given({ deadLetters: { ...deadLetters, put }, onFailure: 'park' });
  source.push(...at('a', ...Array.from({ length: 60 }, (_, n) => n)));
  source.end();
  const sink = memorySink<Data>();
  await from
    .pipe(stage(() => true))
    .to(sink, to)
    .run();
  expect(ns(deadLetters.letters.map(({ event }) => event as never))).toEqual(Array.from({ length: 60 }, (_, n) => n));
  expect(puts).toBeLessThan(20);
});

test('events without a key are skipped where keys are parked', async () => {
  const deadLetters = memoryDeadLetters();
  const { source, from, to } = given({ deadLetters, onFailure: 'park' });
  source.push(...[0, 1, 2].map((n) => ({ data: { n, key: '' } })));
  source.end();
  const sink = refusingSink<Data>(({ data }) => (data?.n === 0 ? poisoned() : undefined));
  await from.to(sink, to).run();
  expect([...new Set(ns(sink.taken))]).toEqual([1, 2]);
  expect(deadLetters.letters).toMatchObject([{ parked: false, attempts: 1 }]);
});

test('one event that became several is parked as it came to the stage that failed', async () => {
  const deadLetters = memoryDeadLetters();
  const { source, from, to } = given({ deadLetters, onFailure: 'park' });
  source.push(...at('a', 0, 1, 2));
  source.end();
  const sink = memorySink<Data>();
  await from
    .pipe(
      expandEvents((data, event) =>
        [0, 1].map((part) => event.with({ ...data, n: data.n * 10 + part }, { idSuffix: `${part}` })),
      ),
      stage(({ n }) => n === 10),
    )
    .to(sink, to)
    .run();
  expect(ns(sink.events)).toEqual([0, 1]);
  expect(deadLetters.letters.map(({ event }) => event.id)).toEqual([
    'memory-1#0',
    'memory-1#1',
    'memory-2#0',
    'memory-2#1',
  ]);
});

test('skip without a store drops what cannot be processed, counts it, and says so at 1, 2, 4, 8…', async () => {
  const { source, from, to, notices } = given({ onFailure: 'skip' });
  source.push(...at('a', ...Array.from({ length: 30 }, (_, n) => n)));
  source.end();
  const sink = memorySink<Data>();
  const running = from.pipe(stage(({ n }) => n % 3 === 0)).to(sink, to);
  await running.run();
  expect(sink.events).toHaveLength(20);
  expect(running.report().counters.skipped).toBe(10);
  expect(notices.map(({ message }) => Number.parseInt(message, 10))).toEqual([1, 2, 4, 8]);
});

test.each([
  [{ onFailure: 'park' }, /`onFailure: park` needs `deadLetters`/],
  [{ onFailure: 'ignore' }, /`onFailure` must be one of stop, skip, park/],
  [{ deadLetterPollMs: 0 }, /`deadLetterPollMs`/],
  [{ circuitBreaker: { failures: 0 } }, /circuitBreaker\.failures/],
  [{ circuitBreaker: { coolDown: 1 } }, /circuitBreaker has no option `coolDown`/],
])('options that do not fit are refused, and named: %j', (options, message) => {
  const { from } = given();
  expect(() => from.to(memorySink<Data>(), { checkpoints: memoryCheckpoints(), ...(options as object) })).toThrow(
    message,
  );
});

test('a letter holds the original bytes, the position of its batch and every try', async () => {
  const deadLetters = memoryDeadLetters();
  const bytes = Uint8Array.of(0, 255, 10);
  const origin = numbered('a', 0).origin;
  const source = scriptedSource(async function* (_, closed) {
    yield scriptedLane('a', async function* () {
      const event = new Envelope({ lane: 'a', n: 7 }, { ...origin, id: () => 'raw', key: () => 'k' }, 0, bytes);
      yield { kind: 'batch', events: [event], bytes: 3, position: place(1) };
      await until(closed);
    });
    await until(closed);
  });
  const sink = refusingSink<{ readonly n: number }>(() => poisoned());
  const running = pipeline('test')
    .from(source)
    .to(sink as never, { checkpoints: memoryCheckpoints(), deadLetters });
  const ended = running.run();
  await waitFor(() => deadLetters.letters.length === 1, { what: 'the letter' });
  expect(deadLetters.letters[0]).toMatchObject({ lane: 'a', position: place(1), original: bytes, attempts: 1 });
  await running.drain();
  await ended;
});
