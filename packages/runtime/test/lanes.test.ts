import type { CheckpointStore, Envelope, Frame, Sink } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { map, mergeMap, of, timer } from 'rxjs';
import { expect, test } from 'vitest';
import { type Delivery, memoryCheckpoints, memorySink, memoryTransport, pipeline } from '../src/index.js';
import { type Numbered, numbered } from './support/events.js';
import { PartitionedSource } from './support/partitioned-source.js';
import { at, batchOf, gate, place, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

const retry = { initialMs: 1, maxMs: 1 };
const written = (sink: { events: readonly Envelope<Numbered>[] }) => sink.events.map(({ data }) => data?.n);

async function* once<T>(...all: T[]) {
  yield* all;
}

test('a save that is refused for a lane that was taken away meanwhile fails nothing', async () => {
  const source = new PartitionedSource(
    new Map([
      ['p', 10],
      ['q', 10],
    ]),
    10,
  );
  const store = memoryCheckpoints();
  const slow = gate();
  let saves = 0;
  const checkpoints: CheckpointStore = {
    ...store,
    [Symbol.asyncDispose]: async () => {},
    async save(writes) {
      saves += 1;
      if (saves === 1) await slow.promise;
      return store.save(writes);
    },
  };
  const running = pipeline('test', { checkpointIntervalMs: 1 })
    .from(source)
    .to(memorySink<Numbered>(), { checkpoints, retry });
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => saves === 1, { what: 'a save' });
  await source.revoke('p', 0);
  await store.acquire('test', 'memory', 'p', 'its new owner');
  slow.resolve();
  await waitFor(() => source.committed.get('q') === 10 || running.state === 'failed', { what: 'the other lane' });
  await running.drain();
  await ended;
  expect(source.violations).toEqual([]);
});

test('a lane that is taken away while it waits for others to end is not begun', async () => {
  const checkpoints = memoryCheckpoints();
  const ending = gate();
  const main = scriptedLane('main', () => once<Frame<Numbered>>(), { start: at(5), after: ['snapshot'] });
  const snapshot = scriptedLane('snapshot', async function* () {
    yield batchOf('snapshot', 0, 10);
    await ending.promise;
  });
  const source = scriptedSource(async function* (_, closed) {
    yield snapshot;
    yield main;
    await until(closed);
  });
  const running = pipeline('test').from(source).to(memorySink<Numbered>(), { checkpoints, retry });
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => snapshot.confirmations.includes(10), { what: 'the first lane' });
  await main.revoke(50);
  await checkpoints.acquire('test', 'memory', 'main', 'its new owner');
  ending.resolve();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(running.state).toBe('running');
  await running.drain();
  await ended;
  const stored = await checkpoints.load('test');
  expect(stored.find(({ lane }) => lane === 'main')?.checkpoint).toBeNull();
  expect(place(stored.find(({ lane }) => lane === 'snapshot')?.checkpoint?.position)).toBe(10);
});

test('a lane that is announced while the pipeline drains is left alone', async () => {
  const checkpoints = memoryCheckpoints();
  const sink = memorySink<Numbered>();
  const late = gate();
  const blocked = gate();
  const announced = gate();
  const source = scriptedSource(async function* () {
    yield scriptedLane('a', () => once(batchOf('a', 0, 5)));
    await late.promise;
    yield scriptedLane('late', () => once(batchOf('late', 100, 110)));
    announced.resolve();
  });
  const slow: Sink<Numbered> = {
    ...sink,
    async open(ctx) {
      const session = await sink.open(ctx);
      return {
        ...session,
        [Symbol.asyncDispose]: async () => {},
        async write(events, write) {
          await blocked.promise;
          await session.write(events, write);
        },
      };
    },
  };
  const running = pipeline('test').from(source).to(slow, { checkpoints, retry });
  const ended = running.run();
  await waitFor(() => running.report().counters.received === 5, { what: 'the first batch' });
  const drained = running.drain();
  late.resolve();
  await announced.promise;
  blocked.resolve();
  expect((await drained).complete).toBe(true);
  await ended;
  expect(written(sink)).toEqual([0, 1, 2, 3, 4]);
  expect((await checkpoints.load('test')).map(({ lane }) => lane)).toEqual(['a']);
});

test('a busy lane does not keep one that has ended from being over', async () => {
  const checkpoints = memoryCheckpoints();
  const slowStore: CheckpointStore = {
    ...checkpoints,
    [Symbol.asyncDispose]: async () => {},
    async save(writes) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return checkpoints.save(writes);
    },
  };
  const sink = memorySink<Numbered>();
  const source = scriptedSource(async function* (_, closed) {
    yield scriptedLane('busy', async function* () {
      for (let n = 0; !closed.aborted; n++) {
        yield batchOf('busy', n, n + 1);
        await new Promise(setImmediate);
      }
    });
    yield scriptedLane('snapshot', async function* () {
      yield batchOf('snapshot', 0, 5);
    });
    yield scriptedLane('main', () => once(batchOf('main', 0, 5)), { start: at(0), after: ['snapshot'] });
    await until(closed);
  });
  const running = pipeline('test', { checkpointIntervalMs: 1 })
    .from(source)
    .to(sink, { checkpoints: slowStore, retry });
  void running.run();
  await waitFor(() => sink.events.some(({ data }) => data?.lane === 'main'), {
    what: 'the next lane',
    timeoutMs: 1_500,
  });
  await running.drain();
});

test('a lane whose frames fail because it was taken away fails nothing', async () => {
  const revoked = gate();
  const lane = scriptedLane('a', async function* () {
    yield batchOf('a', 0, 5);
    await revoked.promise;
    throw new Error('not ours any more');
  });
  const source = scriptedSource(async function* (_, closed) {
    yield lane;
    await until(closed);
  });
  const running = pipeline('test').from(source).to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints(), retry });
  void running.run();
  await waitFor(() => lane.confirmations.includes(5), { what: 'the batch' });
  await lane.revoke(100);
  revoked.resolve();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([running.state, running.report().counters.retries]).toEqual(['running', 0]);
  await running.drain();
});

test('what is left of an earlier assignment of a lane counts as no overtaking', async () => {
  const source = new PartitionedSource(new Map([['p', 5]]), 5);
  let first = true;
  const slowFirst = mergeMap((delivery: Delivery<Numbered>) => {
    const ms = first ? 150 : 0;
    first = false;
    return ms === 0 ? of(delivery) : timer(ms).pipe(map(() => delivery));
  });
  const running = pipeline('test')
    .from(source)
    .pipe(slowFirst)
    .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints(), retry });
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => running.report().counters.received === 5, { what: 'the events' });
  await source.revoke('p', 0);
  source.assign('p');
  await waitFor(() => source.committed.get('p') === 5 || running.state === 'failed', { what: 'the second assignment' });
  await running.drain();
  await ended;
});

test('a batch without events is taken as progress, and keeps no credit', async () => {
  const source = scriptedSource(async function* () {
    yield scriptedLane('a', async function* () {
      for (let n = 0; n < 10; n++) yield { ...batchOf('a', 0, 0), position: at(n + 1) };
      yield batchOf('a', 10, 12);
    });
  });
  const sink = memorySink<Numbered>();
  const running = pipeline('test', { credits: { batches: 3 } })
    .from(source)
    .to(sink, { checkpoints: memoryCheckpoints(), retry });
  const ended = running.run();
  await waitFor(() => running.state === 'stopped', { what: 'the end', timeoutMs: 1_000 });
  await ended;
  expect(written(sink)).toEqual([10, 11]);
});

test('a group that joins a topic late gets each event that is still there once', async () => {
  const transport = memoryTransport({ batch: 10 });
  const publisher = await transport.publisher({
    pipeline: 'p',
    signal: new AbortController().signal,
    notice: () => {},
  });
  const events = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => numbered('t', from + n).with(new Uint8Array([from + n])));
  const group = async (name: string, count: number) => {
    const sink = memorySink<Uint8Array>();
    const running = pipeline(name)
      .from(transport.subscribe({ topics: ['t'], group: name }))
      .to(sink, { checkpoints: memoryCheckpoints() });
    void running.run();
    await waitFor(() => sink.events.length >= count, { what: `${count} events` });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await running.drain();
    return sink.events.map(({ data }) => data?.[0]);
  };
  await publisher.publish('t', events(0, 100));
  await group('early', 100);
  await publisher.publish('t', events(100, 150));
  expect(await group('late', 50)).toEqual(Array.from({ length: 50 }, (_, n) => 100 + n));
});

test('a member of a group that waited for a topic goes on where the one before it ended', async () => {
  const transport = memoryTransport({ batch: 10 });
  const publisher = await transport.publisher({
    pipeline: 'p',
    signal: new AbortController().signal,
    notice: () => {},
  });
  const events = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => numbered('t', from + n).with(new Uint8Array([from + n])));
  const checkpoints = memoryCheckpoints();
  const member = () => {
    const sink = memorySink<Uint8Array>();
    const running = pipeline('g', { checkpointIntervalMs: 1 })
      .from(transport.subscribe({ topics: ['t'], group: 'g' }))
      .to(sink, { checkpoints, retry });
    const ended = running.run();
    ended.catch(() => 'seen below');
    return { sink, running, ended };
  };
  await publisher.publish('t', events(0, 20));
  const first = member();
  await first.running.caughtUp();
  await first.running.drain();
  const second = member();
  await second.running.caughtUp();
  const third = member();
  await waitFor(() => third.running.state === 'running', { what: 'the third to wait' });
  await publisher.publish('t', events(20, 40));
  await waitFor(() => second.sink.events.length === 20, { what: 'the second' });
  await second.running.drain();
  await publisher.publish('t', events(40, 60));
  await waitFor(() => third.sink.events.length === 20 || third.running.state === 'failed', { what: 'the third' });
  await third.running.drain();
  await third.ended;
  expect(third.sink.events.map(({ data }) => data?.[0])).toEqual(Array.from({ length: 20 }, (_, n) => 40 + n));
});
