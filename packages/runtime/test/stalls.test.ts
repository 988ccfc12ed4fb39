import { type CheckpointStore, ComponentError, type LaneReader, type Position } from '@sluice/contracts';
import { type VirtualTime, virtualTime } from '@sluice/testkit';
import { filter } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import {
  batchBy,
  memoryCheckpoints,
  memorySink,
  type Notice,
  pipeline,
  type RunningPipeline,
  throttleEvents,
} from '../src/index.js';
import type { Numbered } from './support/events.js';
import { at, batches, batchOf, gate, scriptedLane, scriptedSource, sinkOf, until } from './support/scripted-source.js';

const MINUTE = 60_000;

/** Time that is ours, and what was told. The pipeline is stopped with the test. */
function watch(make: (notice: (notice: Notice) => void) => RunningPipeline) {
  const time = virtualTime();
  const notices: Notice[] = [];
  const running = make((notice) => notices.push(notice));
  const ended = running.run();
  ended.catch(() => 'seen by the test where it matters');
  onTestFinished(async () => {
    const drained = running.drain({ timeoutMs: 0 });
    await time.advance(MINUTE);
    await drained;
    time[Symbol.dispose]();
  });
  return { time, running, told: () => notices.map(({ code }) => code).filter((code) => code === 'PIPELINE_STALLED') };
}

const never = <T>() => new Promise<T>(() => {});

async function stalls({ time, running, told }: ReturnType<typeof watch>, reason: RegExp, within = 2 * MINUTE) {
  await time.advance(55_000);
  expect(running.report().health.status).not.toBe('stalled');
  await time.advance(within - 55_000);
  expect(running.report().health).toMatchObject({ status: 'stalled', reason: expect.stringMatching(reason) });
  expect(told()).toHaveLength(1);
}

test('a sink that hangs is a stall, told once, with its end', async () => {
  const open = gate();
  const notices: string[] = [];
  const watched = watch((notice) =>
    pipeline('test', {
      notice: (one) => {
        notices.push(one.message);
        notice(one);
      },
    })
      .from(batches(3))
      .to(
        sinkOf(() => open.promise),
        { checkpoints: memoryCheckpoints() },
      ),
  );
  await stalls(watched, /lane a: 3 batches are not settled, sink given holds 3/);
  await watched.time.advance(10 * MINUTE);
  expect(watched.told()).toHaveLength(1);
  open.resolve();
  await watched.time.advance(10_000);
  expect(watched.running.report().health).toEqual({ status: 'idle', quietMs: 0 });
  expect(notices).toHaveLength(2);
  expect(notices[1]).toMatch(/moves again/);
});

test('an operator that swallows is a stall, also when the pipeline begins anew again and again', async () => {
  const watched = watch((notice) =>
    pipeline('test', { notice, settlementTimeoutMs: 20_000 })
      .from(batches(1))
      .pipe(filter(() => false))
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() }),
  );
  await stalls(watched, /stage 1 .* holds 1/);
  expect(watched.running.report().counters.generations).toBeGreaterThan(2);
});

/** A source that delivers five events and no more. */
const fiveEvents = (head: () => Promise<ReadonlyMap<string, Position>>) =>
  scriptedSource(
    async function* (_, closed) {
      yield scriptedLane('a', async function* () {
        yield batchOf('a', 0, 5);
        await until(closed);
      });
      await until(closed);
    },
    { head },
  );

test('a source that has more and delivers nothing is a stall', async () => {
  let committed = 5;
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(fiveEvents(async () => new Map([['a', at(committed)]])))
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() }),
  );
  await watched.time.advance(10 * MINUTE);
  expect(watched.running.report().health.status).toBe('idle');
  committed = 6;
  await stalls(watched, /lane a: the source has more events and delivers none/);
});

test('a source that no longer answers is a stall', async () => {
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(fiveEvents(never))
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() }),
  );
  await stalls(watched, /head: the source does not say where it ends/);
});

test('a checkpoint store that hangs is a stall, though the sink writes', async () => {
  const store: CheckpointStore = { ...memoryCheckpoints(), save: never, [Symbol.asyncDispose]: async () => {} };
  const watched = watch((notice) =>
    pipeline('test', { notice }).from(batches(3)).to(memorySink<Numbered>(), { checkpoints: store }),
  );
  await stalls(watched, /lane a: its checkpoint is not stored/);
});

test('a source that opens for ever is a stall', async () => {
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from({ ...batches(1), open: never })
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() }),
  );
  await stalls(watched, /opening: the source and the sink are not open/);
});

test('a stream that waits for an hour of snapshot is no stall', async () => {
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(
        scriptedSource(
          async function* (_, closed) {
            yield scriptedLane('snapshot', async function* () {
              for (let n = 0; n < 60; n += 1) {
                await new Promise((resolve) => setTimeout(resolve, 50_000));
                yield batchOf('snapshot', n, n + 1);
              }
            });
            const after: Partial<LaneReader<Numbered>> = { after: ['snapshot'], start: at(0) };
            yield scriptedLane(
              'stream',
              async function* () {
                yield batchOf('stream', 0, 9);
                await until(closed);
              },
              after,
            );
            await until(closed);
          },
          { head: async () => new Map([['stream', at(9)]]) },
        ),
      )
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() }),
  );
  await healthyFor(watched, 60);
  expect(watched.running.report().counters.written).toBe(69);
});

test('a sink slower than its source for an hour is healthy, and its memory is bounded by the credits', async () => {
  let written = 0;
  const watched = watch((notice) =>
    pipeline('test', { notice, credits: { batches: 4 } })
      .from(batches(1_000))
      .to(
        {
          ...sinkOf(async () => {
            await new Promise((resolve) => setTimeout(resolve, 50_000));
            written += 1;
          }),
          features: { delivery: 'plain', maxEvents: 5 },
        },
        { checkpoints: memoryCheckpoints() },
      ),
  );
  await healthyFor(watched, 60);
  expect(written).toBe(72);
  expect(watched.running.report().credits.batches).toBeLessThanOrEqual(4);
});

test('the wall clock jumps an hour both ways: no stall is seen, none is overlooked, and checkpoints go on', async () => {
  const open = gate();
  let hangs = false;
  const store = memoryCheckpoints();
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(
        scriptedSource(async function* (_, closed) {
          yield scriptedLane('a', async function* () {
            for (let n = 0; n < 1_000; n += 1) {
              await new Promise((resolve) => setTimeout(resolve, 10_000));
              yield batchOf('a', n, n + 1);
            }
          });
          await until(closed);
        }),
      )
      .to(
        sinkOf(() => (hangs ? open.promise : Promise.resolve())),
        { checkpoints: store },
      ),
  );
  const stored = async () => Number.parseInt((await store.load('test'))[0]?.checkpoint?.position.resume ?? '0', 16);
  await watched.time.advance(35_000);
  for (const jump of [-60 * MINUTE, 120 * MINUTE, -60 * MINUTE]) {
    const before = await stored();
    watched.time.jumpWallClock(jump);
    await watched.time.advance(30_000);
    expect(watched.running.report().health.status).not.toBe('stalled');
    expect(await stored()).toBe(before + 3);
  }
  hangs = true;
  await watched.time.advance(30_000);
  watched.time.jumpWallClock(-60 * MINUTE);
  await watched.time.advance(70_000);
  expect(watched.running.report().health.status).toBe('stalled');
  open.resolve();
});

async function healthyFor(
  { time, running, told }: { time: VirtualTime; running: RunningPipeline; told: () => unknown[] },
  minutes: number,
) {
  for (let minute = 0; minute < minutes; minute += 1) {
    await time.advance(MINUTE);
    expect(running.report().health.status).not.toBe('stalled');
  }
  expect(told()).toEqual([]);
}

test('a source that opens and breaks at once, again and again, is a stall', async () => {
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(
        scriptedSource(async function* () {
          yield await Promise.reject(new ComponentError('TEST_BREAKS', 'breaks', { retry: 'backoff' }));
        }),
      )
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints(), retry: { maxMs: 1_000 } }),
  );
  await stalls(watched, /opening: the source and the sink are not open/);
  expect(watched.running.report().health.trouble).toMatchObject({ code: 'TEST_BREAKS' });
});

test('a pipeline that has stopped is not stalled any more', async () => {
  const { time, running } = watch((notice) =>
    pipeline('test', { notice }).from(batches(1)).to(sinkOf(never), { checkpoints: memoryCheckpoints() }),
  );
  await time.advance(2 * MINUTE);
  expect(running.report().health.status).toBe('stalled');
  const drained = running.drain({ timeoutMs: 0 });
  await time.until(() => running.state === 'stopped', { what: 'the end' });
  await drained;
  expect(running.report().health).toEqual({ status: 'idle', quietMs: 0 });
});

test('a lane that comes after one which the source never announces is a stall, and says so', async () => {
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(
        scriptedSource(async function* (_, closed) {
          yield scriptedLane(
            'main',
            async function* () {
              yield batchOf('main', 0, 3);
            },
            { after: ['snapshot'] },
          );
          await until(closed);
        }),
      )
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() }),
  );
  await stalls(watched, /lane main: it comes after lane snapshot, which the source does not announce/);
});

const HOUR = 60 * MINUTE;

test.for([
  ['a throttle that lets nothing pass for an hour', throttleEvents<Numbered>({ events: 5, perMs: HOUR })],
  ['a batch that gathers for an hour', batchBy<Numbered>({ events: 1_000, ms: HOUR })],
] as const)('%s is no stall', async ([_, operator]) => {
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(batches(3))
      .pipe(operator)
      .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() }),
  );
  for (let minute = 0; minute < 150; minute += 5) {
    await watched.time.advance(5 * MINUTE);
    expect(watched.running.report().health.status).not.toBe('stalled');
  }
  expect(watched.told()).toEqual([]);
  expect(watched.running.report().counters.written).toBe(15);
});

test('what a throttle has let go of, and a sink holds, is a stall', async () => {
  const watched = watch((notice) =>
    pipeline('test', { notice })
      .from(batches(3))
      .pipe(throttleEvents<Numbered>({ events: 5, perMs: HOUR }))
      .to(sinkOf(never), { checkpoints: memoryCheckpoints() }),
  );
  await stalls(watched, /sink given holds 1/);
});
