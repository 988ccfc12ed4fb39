import { virtualTime } from '@sluice/testkit';
import { concatMap, delay, of } from 'rxjs';
import { expect, test, vi } from 'vitest';
import {
  batchBy,
  type Delivery,
  memoryCheckpoints,
  memorySink,
  memorySource,
  memoryState,
  pipeline,
  throttleEvents,
  windowEvents,
} from '../../src/index.js';
import { sinkOf } from '../support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

const HOUR = 3_600_000;
const jumps = [
  ['forward', HOUR],
  ['back', -HOUR],
] as const;

for (const [way, ms] of jumps) {
  test(`a wall clock that jumps an hour ${way} neither hurries nor delays batchBy`, async () => {
    using time = virtualTime();
    const source = memorySource<number>({ batch: 1 });
    const sink = memorySink<number>();
    const running = pipeline('clock')
      .from(source)
      .pipe(batchBy({ ms: 1_000 }))
      .to(sink, { checkpoints: memoryCheckpoints() });
    const ended = running.run();
    await time.advance(10);
    source.push({ data: 1 });
    await time.advance(500);
    time.jumpWallClock(ms);
    await time.advance(400);
    expect(sink.events).toHaveLength(0);
    await time.advance(200);
    expect(sink.events).toHaveLength(1);
    const drained = running.drain();
    await time.until(() => running.state === 'stopped', { what: 'the drain' });
    await Promise.all([drained, ended]);
  });

  test(`a wall clock that jumps an hour ${way} changes nothing for throttleEvents`, async () => {
    using time = virtualTime();
    const source = memorySource<number>({ batch: 1 });
    const sink = memorySink<number>();
    const running = pipeline('clock')
      .from(source)
      .pipe(throttleEvents({ events: 2, perMs: 1_000 }))
      .to(sink, { checkpoints: memoryCheckpoints() });
    const ended = running.run();
    source.push(...Array.from({ length: 6 }, (_, data) => ({ data })));
    await time.advance(600);
    expect(sink.events).toHaveLength(2);
    time.jumpWallClock(ms);
    await time.advance(300);
    expect(sink.events).toHaveLength(2);
    await time.advance(200);
    expect(sink.events).toHaveLength(4);
    const drained = running.drain();
    await time.until(() => running.state === 'stopped', { what: 'the drain' });
    await Promise.all([drained, ended]);
    expect(sink.events).toHaveLength(6);
  });

  test(`a wall clock that jumps an hour ${way} closes no window: the events' own times do`, async () => {
    using time = virtualTime();
    const source = memorySource<number>({ batch: 1 });
    const sink = memorySink<unknown>();
    const running = pipeline('clock')
      .from(source)
      .pipe(
        windowEvents({
          store: memoryState(),
          scope: 'w',
          sizeMs: 60_000,
          timeOf: ({ data }) => new Date(data ?? 0),
          initial: () => 0,
          reduce: (count) => count + 1,
        }),
      )
      .to(sink, { checkpoints: memoryCheckpoints() });
    const ended = running.run();
    source.push({ key: 'a', data: 0 });
    await time.advance(100);
    time.jumpWallClock(ms);
    source.push({ key: 'a', data: 59_999 });
    await time.advance(100);
    expect(sink.events).toHaveLength(0);
    source.push({ key: 'a', data: 60_000 });
    await time.advance(100);
    expect(sink.events.map(({ data }) => (data as { value: number }).value)).toEqual([2]);
    const drained = running.drain();
    await time.until(() => running.state === 'stopped', { what: 'the drain' });
    await Promise.all([drained, ended]);
  });

  test(`a wall clock that jumps an hour ${way} makes no delivery overdue, and holds no checkpoint back`, async () => {
    using time = virtualTime();
    const notices: string[] = [];
    const source = memorySource<number>({ batch: 1 });
    const sink = memorySink<number>();
    const running = pipeline('clock', { settlementTimeoutMs: 60_000, notice: ({ message }) => notices.push(message) })
      .from(source)
      .pipe(concatMap((delivery: Delivery<number>) => of(delivery).pipe(delay(1_000))))
      .to(sink, { checkpoints: memoryCheckpoints() });
    const ended = running.run();
    source.push({ data: 1 }, { data: 2 }, { data: 3 });
    await time.advance(1_500);
    expect(source.confirmed).toBe(1);
    time.jumpWallClock(ms);
    await time.advance(2_000);
    expect(sink.events).toHaveLength(3);
    expect(source.confirmed).toBe(3);
    const drained = running.drain({ timeoutMs: 5_000 });
    time.jumpWallClock(ms);
    await time.until(() => running.state === 'stopped', { what: 'the drain' });
    expect((await drained).complete).toBe(true);
    await ended;
    expect(notices).toEqual([]);
  });
}

test('a sink that is slower than its source for an hour keeps no more than the credits in memory', async () => {
  using time = virtualTime();
  const source = memorySource<number>({ batch: 10, bytesPerEvent: 100, capacity: 100_000 });
  let written = 0;
  const running = pipeline('slow', { credits: { bytes: 20_000, batches: 16 }, maxBatchBytes: 1_000 })
    .from(source)
    .pipe(batchBy({ events: 50, ms: 1_000 }))
    .to(
      sinkOf(async (events) => {
        await new Promise((resolve) => setTimeout(resolve, 20_000));
        written += events.length;
      }) as never,
      { checkpoints: memoryCheckpoints() },
    );
  const ended = running.run();
  let most = 0;
  for (let minute = 0; minute < 60; minute++) {
    source.push(...Array.from({ length: 600 }, (_, data) => ({ data })));
    await time.advance(60_000);
    const { bytes, batches } = running.report().credits;
    most = Math.max(most, bytes);
    expect(bytes).toBeLessThanOrEqual(21_000);
    expect(batches).toBeLessThanOrEqual(17);
    expect(running.report().counters.received).toBeLessThanOrEqual(written + 210);
  }
  expect(most).toBeGreaterThan(10_000);
  expect(written).toBeGreaterThan(1_000);
  expect(running.state).toBe('running');
  const drained = running.drain({ timeoutMs: 600_000 });
  await time.until(() => running.state === 'stopped', { what: 'the drain' });
  expect((await drained).complete).toBe(true);
  await ended;
}, 120_000);
