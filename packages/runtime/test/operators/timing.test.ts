import { assertSettled, virtualTime, waitFor } from '@sluice/testkit';
import fc from 'fast-check';
import { NEVER } from 'rxjs';
import { expect, test, vi } from 'vitest';
import {
  batchBy,
  mapEventsAsync,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  pipeline,
  throttleEvents,
  timeoutEvents,
} from '../../src/index.js';
import type { Numbered } from '../support/events.js';
import { calm, type Given, runThrough, someEvents } from '../support/operator-run.js';
import { PartitionedSource } from '../support/partitioned-source.js';
import { gate } from '../support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

test('throttleEvents lets no more pass in any span of time than it is told, loses nothing and keeps the order', async () => {
  const scenario = fc.record({
    batch: fc.integer({ min: 1, max: 12 }),
    events: fc.integer({ min: 1, max: 10 }),
    perMs: fc.integer({ min: 5, max: 100 }),
    bursts: fc.array(fc.record({ count: fc.integer({ min: 0, max: 25 }), pauseMs: fc.integer({ min: 0, max: 150 }) }), {
      maxLength: 4,
    }),
    batches: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ batch, events, perMs, bursts, batches }) => {
      using time = virtualTime({ turns: 1 });
      const source = memorySource<number>({ batch });
      const written: { n: number; at: number }[] = [];
      const running = pipeline('throttled', { credits: { batches } })
        .from(source)
        .pipe(throttleEvents({ events, perMs }))
        .to(
          {
            name: 'timed',
            features: { delivery: 'plain', maxEvents: 1 },
            open: async () => ({
              async write(all) {
                for (const { data } of all) written.push({ n: data ?? -1, at: time.now() });
              },
              async [Symbol.asyncDispose]() {},
            }),
          },
          { checkpoints: memoryCheckpoints() },
        );
      const ended = running.run();
      let n = 0;
      for (const { count, pauseMs } of bursts) {
        source.push(...Array.from({ length: count }, () => ({ data: n++ })));
        await time.advance(pauseMs);
      }
      source.end();
      await time.until(() => running.state === 'stopped', { what: 'the end' });
      await ended;
      expect(written.map((one) => one.n)).toEqual(Array.from({ length: n }, (_, at) => at));
      for (const { at } of written) {
        const within = written.filter((other) => other.at >= at && other.at < at + perMs);
        expect(within.length).toBeLessThanOrEqual(events);
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('a throttle lets go when the pipeline is drained, and not when it waits for credit', async () => {
  using time = virtualTime();
  const source = memorySource<number>({ batch: 1 });
  const sink = memorySink<number>();
  const running = pipeline('throttled', { credits: { batches: 3 } })
    .from(source)
    .pipe(throttleEvents({ events: 1, perMs: 3_600_000 }))
    .to(sink, { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  source.push(...Array.from({ length: 9 }, (_, data) => ({ data })));
  await time.advance(600_000);
  expect(sink.events).toHaveLength(1);
  const drained = running.drain();
  await time.until(() => running.state === 'stopped', { what: 'the drain' });
  expect((await drained).complete).toBe(true);
  await ended;
  // What was held; what was not read yet is left to the next run.
  expect(sink.events).toHaveLength(4);
  expect(source.confirmed).toBe(4);
});

test('mapEventsAsync answers in order whatever finishes first, and calls one after the other for each key', async () => {
  await fc.assert(
    fc.asyncProperty(someEvents(40), fc.integer({ min: 1, max: 6 }), async (events, concurrency) => {
      const [busy, calls] = [new Set<string>(), [] as string[]];
      let most = 0;
      const operator = mapEventsAsync(
        async ({ value, key, id }: Given) => {
          expect(busy.has(key)).toBe(false);
          busy.add(key);
          calls.push(id);
          most = Math.max(most, busy.size);
          for (let turn = 0; turn < Math.abs(value); turn++) await new Promise(setImmediate);
          busy.delete(key);
          return value;
        },
        { concurrency },
      );
      const { written, buried } = await runThrough(events, () => operator, { ...calm, batches: [4, 1] });
      expect(buried).toEqual([]);
      expect(written.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
      expect(most).toBeLessThanOrEqual(concurrency);
      for (const key of new Set(events.map((event) => event.key))) {
        const of = events.filter((event) => event.key === key).map(({ id }) => id);
        expect(calls.filter((id) => of.includes(id))).toEqual(of);
      }
    }),
    { numRuns: 25 },
  );
});

test('a call that is slow keeps what is behind it in its lane waiting, and no other lane', async () => {
  const lanes = new Map([
    ['slow', 4],
    ['quick', 20],
  ]);
  const source = new PartitionedSource(lanes, 2);
  const answer = gate();
  const sink = memorySink<Numbered>();
  const running = pipeline('lanes')
    .from(source)
    .pipe(
      mapEventsAsync(async (data: Numbered) => {
        if (data.lane === 'slow' && data.n === 0) await answer.promise;
        return data;
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  await waitFor(() => sink.events.length === 20, { what: 'the quick lane' });
  expect(sink.events.every(({ data }) => data?.lane === 'quick')).toBe(true);
  answer.resolve();
  await waitFor(() => source.committed.get('slow') === 4, { what: 'the slow lane' });
  await running.drain();
  await ended;
  assertSettled(running.report());
});

test('a call that takes too long is told so, and its event becomes a dead letter', async () => {
  const source = memorySource<number>();
  const sink = memorySink<number>();
  const deadLetters = memoryDeadLetters();
  const aborted: unknown[] = [];
  source.push({ key: 'a', data: 1 }, { key: 'b', data: 2 }, { key: 'a', data: null });
  source.end();
  const hangs = mapEventsAsync<number, number>(
    (n, _, signal) =>
      n === 2
        ? Promise.resolve(n)
        : new Promise((resolve) =>
            signal.addEventListener('abort', () => {
              aborted.push(signal.reason);
              resolve(0);
            }),
          ),
    { timeoutMs: 20 },
  );
  const running = pipeline('late').from(source).pipe(hangs).to(sink, { checkpoints: memoryCheckpoints(), deadLetters });
  await running.run();
  expect(sink.events.map(({ data }) => data)).toEqual([2, null]);
  expect(deadLetters.letters.map(({ cause }) => cause.code)).toEqual(['EVENT_TIMEOUT']);
  expect(aborted).toEqual([expect.objectContaining({ code: 'EVENT_TIMEOUT' })]);
  assertSettled(running.report());
});

test('calls that are under way are aborted when the pipeline ends', async () => {
  const source = memorySource<number>();
  const called = gate<AbortSignal>();
  const running = pipeline('aborted')
    .from(source)
    .pipe(
      mapEventsAsync<number, number>((_, __, signal) => {
        called.resolve(signal);
        return new Promise(() => {});
      }),
    )
    .to(memorySink<number>(), { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  source.push({ data: 1 });
  const signal = await called.promise;
  expect((await running.drain({ timeoutMs: 20 })).complete).toBe(false);
  await ended;
  expect(signal.aborted).toBe(true);
});

test('a stage with a time-out of its own that keeps a delivery longer is named, and the pipeline starts anew', async () => {
  const source = memorySource<number>();
  const sink = memorySink<number>();
  const notices: string[] = [];
  let stuck = true;
  const running = pipeline('stuck', { notice: ({ code }) => notices.push(code ?? '') })
    .from(source)
    .pipe(timeoutEvents((deliveries) => (stuck ? NEVER : deliveries), { ms: 100 }))
    .to(sink, { checkpoints: memoryCheckpoints(), retry: { initialMs: 1, maxMs: 1 } });
  const ended = running.run();
  source.push({ data: 1 });
  await waitFor(() => notices.includes('EVENT_TIMEOUT'), { what: 'the time-out' });
  stuck = false;
  await waitFor(() => sink.events.length === 1, { what: 'the event' });
  await running.drain();
  await ended;
});

test('a time-out of its own holds for an operator too that holds back by design', async () => {
  const source = memorySource<number>();
  const notices: string[] = [];
  const running = pipeline('held', { notice: ({ code, message }) => notices.push(`${code} ${message}`) })
    .from(source)
    .pipe(timeoutEvents(batchBy<number>({ events: 10, ms: 3_600_000 }), { ms: 50 }))
    .to(memorySink<number>(), { checkpoints: memoryCheckpoints(), retry: { initialMs: 1, maxMs: 1 } });
  const ended = running.run();
  source.push({ data: 1 });
  const told = await waitFor(() => notices.find((one) => one.startsWith('EVENT_TIMEOUT')), { what: 'the time-out' });
  expect(told).toContain('timeoutEvents of batchBy');
  await running.drain();
  await ended.catch(() => 'it may have been told too often');
});

test('options of time that make no sense are refused, and the error names them', () => {
  for (const [wrong, option] of [
    [() => throttleEvents({ events: 0, perMs: 1 }), 'events'],
    [() => throttleEvents({ events: 1, perMs: Number.POSITIVE_INFINITY }), 'perMs'],
    [() => mapEventsAsync(async () => 1, { concurrency: 0 }), 'concurrency'],
    [() => mapEventsAsync(async () => 1, { timeoutMs: -1 }), 'timeoutMs'],
    [() => timeoutEvents((deliveries) => deliveries, { ms: 0 }), 'ms'],
    [() => timeoutEvents((deliveries) => deliveries, { ms: 1, s: 1 } as never), 's'],
  ] as const) {
    expect(wrong).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(option) }),
    );
  }
});
