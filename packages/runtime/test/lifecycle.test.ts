import { type CheckpointStore, ComponentError, type Source } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { memoryCheckpoints, memorySink, pipeline } from '../src/index.js';
import type { Numbered } from './support/events.js';
import { at, batches, batchOf, scriptedLane, scriptedSource, sinkOf, until } from './support/scripted-source.js';

const retry = { initialMs: 1, maxMs: 1 };
const checkpoints = memoryCheckpoints;

test('caughtUp does not resolve for a pipeline that was drained before it was there', async () => {
  const running = pipeline('test')
    .from(
      scriptedSource(
        async function* (_, closed) {
          yield scriptedLane('a', async function* () {
            yield batchOf('a', 0, 5);
            await until(closed);
          });
          await until(closed);
        },
        { head: async () => new Map([['a', at(5)]]) },
      ),
    )
    .to(
      sinkOf((_, { signal }) => until(signal).then(() => Promise.reject(new Error('aborted')))),
      { checkpoints: checkpoints(), retry },
    );
  const ended = running.run();
  await waitFor(() => running.report().counters.received === 5, { what: 'the events' });
  const caughtUp = running.caughtUp({ timeoutMs: 2_000 });
  caughtUp.catch(() => 'seen below');
  await running.drain({ timeoutMs: 0 });
  await ended;
  await expect(caughtUp).rejects.toMatchObject({ code: 'PIPELINE_NOT_CAUGHT_UP' });
});

test('caughtUp lives through a head that fails, and keeps to its time-out when the head hangs', async () => {
  let heads = 0;
  const source = scriptedSource(
    async function* (_, closed) {
      yield scriptedLane('a', async function* () {
        yield batchOf('a', 0, 5);
        await until(closed);
      });
      await until(closed);
    },
    {
      async head() {
        heads += 1;
        if (heads === 1) throw new ComponentError('TEST_GONE', 'the connection is gone');
        if (heads === 3) await new Promise(() => {});
        return new Map([['a', at(5)]]);
      },
    },
  );
  const running = pipeline('test').from(source).to(memorySink<Numbered>(), { checkpoints: checkpoints(), retry });
  const ended = running.run();
  await running.caughtUp({ timeoutMs: 2_000 });
  await expect(running.caughtUp({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'PIPELINE_NOT_CAUGHT_UP' });
  await running.drain();
  await ended;
});

test('a source that opens for ever does not keep a drain from ending', async () => {
  const source: Source<Numbered> = { ...batches(1), open: () => new Promise(() => {}) };
  const running = pipeline('test').from(source).to(memorySink<Numbered>(), { checkpoints: checkpoints(), retry });
  const ended = running.run();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await running.drain({ timeoutMs: 50 });
  await ended;
  expect(running.state).toBe('stopped');
});

test('what failed an opening is told, also when closing fails after it', async () => {
  const source: Source<Numbered> = {
    ...batches(1),
    open: () => Promise.reject(new ComponentError('TEST_NO_SLOT', 'no slot', { retry: 'operator' })),
  };
  const running = pipeline('test')
    .from(source)
    .to(
      sinkOf(
        async () => {},
        () => Promise.reject(new Error('closing')),
      ),
      { checkpoints: checkpoints(), retry },
    );
  await expect(running.run()).rejects.toMatchObject({ code: 'TEST_NO_SLOT' });
});

test('the signal of an opening is aborted when it is over', async () => {
  const signals: AbortSignal[] = [];
  const inner = batches(1);
  const source: Source<Numbered> = {
    ...inner,
    open: (ctx) => {
      signals.push(ctx.signal);
      return inner.open(ctx);
    },
  };
  let tries = 0;
  const running = pipeline('test')
    .from(source)
    .to(
      sinkOf(async () => {
        tries += 1;
        if (tries === 1) throw new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });
      }),
      { checkpoints: checkpoints(), retry: { ...retry, maxAttempts: 1 } },
    );
  const ended = running.run();
  await waitFor(() => tries === 2, { what: 'the second opening' });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  await running.drain();
  await ended;
});

test('a drain waits for a fence that is being raised, so that it shuts nobody out afterwards', async () => {
  const store = memoryCheckpoints();
  const source = batches(1);
  let acquired = 0;
  const slow: CheckpointStore = {
    ...store,
    [Symbol.asyncDispose]: async () => {},
    async acquire(...parts) {
      acquired += 1;
      if (acquired === 1) await new Promise((resolve) => setTimeout(resolve, 30));
      return store.acquire(...parts);
    },
  };
  const first = pipeline('test').from(source).to(memorySink<Numbered>(), { checkpoints: slow, retry });
  const ended = first.run();
  await waitFor(() => acquired === 1, { what: 'the first to take the lane' });
  await first.drain({ timeoutMs: 0 });
  await ended;
  const { fence } = await store.acquire('test', 'memory', 'a', 'the second');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const write = { pipeline: 'test', sink: 'memory', lane: 'a', fence, checkpoint: null };
  expect(await store.save([write])).toBe('saved');
});
