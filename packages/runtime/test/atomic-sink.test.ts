import { ComponentError, type Envelope, type Sink, type WriteContext } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { Observable } from 'rxjs';
import { expect, test } from 'vitest';
import { type Delivery, memoryCheckpoints, memorySink, pipeline } from '../src/index.js';
import type { Numbered } from './support/events.js';
import { PartitionedSource } from './support/partitioned-source.js';
import { QueueSource } from './support/queue-source.js';
import { at, batchOf, gate, place, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

type Write = (events: readonly Envelope<Numbered>[], ctx: WriteContext) => Promise<void>;

/** An atomic sink: `before` runs first, then events and checkpoints are stored in one step. */
function atomicSink(before: Write, maxEvents = 100) {
  const checkpoints = memoryCheckpoints();
  const written: number[] = [];
  const sink: Sink<Numbered> = {
    name: 'atomic',
    features: { delivery: 'atomic', maxEvents },
    open: async () => ({
      checkpoints,
      async write(events, ctx) {
        await before(events, ctx);
        if ((await checkpoints.save(ctx.checkpoints)) === 'fenced')
          throw new ComponentError('CHECKPOINT_FENCED', 'late');
        written.push(...events.map(({ data }) => data?.n ?? -1));
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
  return { sink, checkpoints, written };
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test.each(upTo(16))('a batch that arrives %i turns after a write has failed does not pass it', async (turns) => {
  const failing = gate();
  let tries = 0;
  const { sink, written } = atomicSink(async () => {
    tries += 1;
    if (tries > 1) return;
    await failing.promise;
    throw new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });
  });
  const source = scriptedSource(({ checkpoints }, closed) => {
    async function* frames() {
      const from = place(checkpoints.get('a')?.position);
      if (from < 10) yield batchOf('a', 0, 10);
      failing.resolve();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      if (from < 20) yield batchOf('a', 10, 20);
      await until(closed);
    }
    return (async function* () {
      yield scriptedLane('a', frames);
      await until(closed);
    })();
  });
  const running = pipeline('test')
    .from(source)
    .to(sink, { retry: { maxAttempts: 1, initialMs: 1, maxMs: 1 } });
  void running.run();
  await waitFor(() => written.includes(19), { what: 'the last event' });
  await running.drain();
  expect(written).toEqual(upTo(20));
});

test('a write that lands between reading the checkpoints and taking over the lane is not repeated', async () => {
  const { sink, checkpoints, written } = atomicSink(async () => {});
  const opening = gate();
  const opened = gate();
  const source = scriptedSource(({ checkpoints: given }, closed) => {
    async function* frames() {
      for (let n = place(given.get('a')?.position); n < 40; n += 10) yield batchOf('a', n, n + 10);
      await until(closed);
    }
    return (async function* () {
      // As a replication slot does: it is ours only once the instance before has let go of it.
      opening.resolve();
      await opened.promise;
      yield scriptedLane('a', frames);
      await until(closed);
    })();
  });
  const { fence } = await checkpoints.acquire('test', 'atomic', 'a', 'the instance before');
  const running = pipeline('test')
    .from(source)
    .to(sink, { retry: { initialMs: 1, maxMs: 1 } });
  void running.run();
  await opening.promise;
  const checkpoint = { position: at(20), identity: 'scripted' };
  await checkpoints.save([{ pipeline: 'test', sink: 'atomic', lane: 'a', fence, checkpoint }]);
  written.push(...upTo(20));
  opened.resolve();
  await waitFor(() => written.includes(39), { what: 'the last event' });
  await running.drain();
  expect(written).toEqual(upTo(40));
});

test('a lane that comes back while a write of its last assignment is under way does not stand still', async () => {
  const source = new PartitionedSource(new Map([['p', 20]]), 10);
  const slow = gate();
  let writes = 0;
  const { sink, written } = atomicSink(async () => {
    writes += 1;
    if (writes === 1) await slow.promise;
  });
  const running = pipeline('test')
    .from(source)
    .to(sink, { retry: { initialMs: 1, maxMs: 1 } });
  void running.run();
  await waitFor(() => running.report().counters.received === 20, { what: 'the first assignment to be read' });
  await source.revoke('p', 0);
  source.assign('p');
  await waitFor(() => running.report().counters.received === 40, { what: 'the second assignment to be read' });
  slow.resolve();
  await waitFor(() => source.committed.get('p') === 20, { what: 'the lane to be done', timeoutMs: 2_000 });
  await running.drain();
  expect([written, source.violations]).toEqual([upTo(20), []]);
});

test('a write that ends after its lane was given back confirms nothing', async () => {
  const slow = gate();
  const { sink, written } = atomicSink(() => slow.promise);
  const source = new PartitionedSource(new Map([['p', 10]]), 10);
  const running = pipeline('test').from(source).to(sink);
  void running.run();
  await waitFor(() => running.report().counters.received === 10, { what: 'the events' });
  await source.revoke('p', 0);
  slow.resolve();
  await waitFor(() => written.length === 10, { what: 'the write' });
  await running.drain();
  expect(source.violations).toEqual([]);
});

test('a source that acks singly may feed an atomic sink', async () => {
  const source = new QueueSource(30, 7);
  const running = pipeline('test')
    .from(source)
    .to(memorySink<Numbered>({ delivery: 'atomic' }));
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => source.acked.size === 30, { what: 'the acks', timeoutMs: 2_000 });
  await running.drain();
  await ended;
  expect(source.violations).toEqual([]);
});

test('a sink that drains the pipeline from within a write has no second write at once', async () => {
  let inFlight = 0;
  const most: number[] = [];
  const drained: Promise<unknown>[] = [];
  const { sink } = atomicSink(async () => {
    inFlight += 1;
    most.push(inFlight);
    if (drained.length === 0) drained.push(running.drain());
    await new Promise((resolve) => setTimeout(resolve, 2));
    inFlight -= 1;
  });
  const source = scriptedSource(async function* (_, closed) {
    yield scriptedLane('a', async function* () {
      for (let n = 0; n < 40; n += 10) yield batchOf('a', n, n + 10);
      await until(closed);
    });
    await until(closed);
  });
  const running = pipeline('test').from(source).pipe(keepLast).to(sink);
  await running.run();
  await Promise.all(drained);
  expect(Math.max(...most)).toBe(1);
});

/** Emits each delivery when the next one comes, and the last one at the end. */
function keepLast(deliveries: Observable<Delivery<Numbered>>): Observable<Delivery<Numbered>> {
  return new Observable((out) => {
    let last: Delivery<Numbered> | undefined;
    return deliveries.subscribe({
      next(delivery) {
        const before = last;
        last = delivery;
        if (before) out.next(before);
      },
      complete() {
        if (last) out.next(last);
        out.complete();
      },
    });
  });
}
