import { BatchError, ComponentError, type Envelope } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { concatMap, finalize, map, type OperatorFunction, tap, timer } from 'rxjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  batchBy,
  type Delivery,
  expandEvents,
  memoryCheckpoints,
  memorySink,
  memorySource,
  partitionByKey,
  pipeline,
} from '../src/index.js';
import { type Numbered, numbered } from './support/events.js';
import { batches, batchOf, gate, scriptedLane, scriptedSource, sinkOf, until } from './support/scripted-source.js';

const retry = { initialMs: 1, maxMs: 1 };
const checkpoints = memoryCheckpoints;
type Step = OperatorFunction<Delivery<Numbered>, Delivery<Numbered>>;

// A part of someone's that throws must end in an error of the pipeline, never in the end of the process.
const crashes: unknown[] = [];
const others = new Map<string, NodeJS.UncaughtExceptionListener[]>();
const crash = (error: unknown) => void crashes.push(error);
beforeEach(() => {
  crashes.length = 0;
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    others.set(event, process.listeners(event as 'uncaughtException'));
    process.removeAllListeners(event);
    process.on(event, crash);
  }
});
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const [event, listeners] of others) {
    process.removeAllListeners(event);
    for (const listener of listeners) process.on(event, listener);
  }
  expect(crashes).toEqual([]);
});

test('a key that can not be computed fails the pipeline', async () => {
  const broken = expandEvents((data: Numbered, event) => {
    const made = event.with(data);
    Object.defineProperty(made, 'key', {
      get() {
        throw new Error('no key');
      },
    });
    return [made];
  });
  const running = pipeline('test')
    .from(batches(1))
    .pipe(broken, partitionByKey({ partitions: 2 }))
    .to(memorySink<Numbered>(), { checkpoints: checkpoints(), retry });
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => running.state === 'failed', { what: 'the failure', timeoutMs: 1_500 }).catch(() =>
    running.drain(),
  );
  await expect(ended).rejects.toMatchObject({ code: 'PIPELINE_STAGE_FAILED' });
});

test('a delivery that is settled while batchBy holds it fails the pipeline', async () => {
  const running = pipeline('test')
    .from(batches(2))
    .pipe(
      tap((delivery: Delivery<Numbered>) => void setTimeout(() => delivery.settle(), 5)),
      batchBy({ events: 1_000, ms: 20 }),
    )
    .to(memorySink<Numbered>(), { checkpoints: checkpoints(), retry });
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => running.state === 'failed', { what: 'the failure', timeoutMs: 1_500 }).catch(() =>
    running.drain(),
  );
  await expect(ended).rejects.toMatchObject({ code: 'PIPELINE_DELIVERY_REUSED' });
});

test('an operator that throws when it is told to let go fails the pipeline, and a drain still ends', async () => {
  const holding: Step = (deliveries) =>
    deliveries.pipe(
      tap((delivery) => {
        delivery.flow.onFlush(() => {
          throw new Error('can not let go');
        });
      }),
    );
  const running = pipeline('test')
    .from(batches(1))
    .pipe(holding)
    .to(memorySink<Numbered>(), { checkpoints: checkpoints(), retry });
  const ended = running.run();
  ended.catch(() => 'seen below');
  await running.caughtUp();
  await running.drain();
  await ended;
  expect(running.state).toBe('stopped');
});

test('an operator whose clean-up throws keeps neither the source nor the sink from being closed', async () => {
  let closed = 0;
  const running = pipeline('test')
    .from(batches(1))
    .pipe(
      finalize<Delivery<Numbered>>(() => {
        throw new Error('clean-up');
      }),
    )
    .to(
      sinkOf(
        async () => {},
        async () => {
          closed += 1;
        },
      ),
      { checkpoints: checkpoints(), retry },
    );
  const ended = running.run();
  ended.catch(() => 'seen below');
  await running.caughtUp();
  await running.drain();
  await ended;
  expect(closed).toBe(1);
});

test('a notice that throws stops nothing', async () => {
  const source = batches(1);
  let tries = 0;
  const running = pipeline('test', {
    notice: () => {
      throw new Error('the log is full');
    },
  })
    .from(source)
    .to(
      sinkOf(async () => {
        tries += 1;
        if (tries < 3) throw new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });
      }),
      { checkpoints: checkpoints(), retry: { ...retry, maxAttempts: 2 } },
    );
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => tries === 3, { what: 'the third try', timeoutMs: 1_500 });
  await running.drain();
  await ended;
});

test('a token that throws is told, and crashes nothing', async () => {
  const refuse = (): Promise<void> => {
    throw new Error('the queue is gone');
  };
  const notices: string[] = [];
  const source = scriptedSource(
    async function* (_, closed) {
      yield scriptedLane('a', async function* () {
        const token = { ack: refuse, release: refuse, extend: refuse };
        yield { ...batchOf('a', 0, 1), tokens: [token] };
        await until(closed);
      });
      await until(closed);
    },
    { features: { ack: 'individual', replayable: true, visibilityTimeoutMs: 10 } },
  );
  const running = pipeline('test', { notice: ({ message }) => notices.push(message) })
    .from(source)
    .to(
      sinkOf(() => new Promise((resolve) => setTimeout(resolve, 40))),
      { retry },
    );
  const ended = running.run();
  ended.catch(() => 'seen below');
  await waitFor(() => running.report().counters.written === 1, { what: 'the write' });
  await running.drain();
  await ended;
  expect(notices[0]).toContain('an ack failed');
});

test('a sink that names events which it was not given has written nothing', async () => {
  let tries = 0;
  const written: Envelope<Numbered>[] = [];
  const running = pipeline('test')
    .from(batches(1))
    .to(
      sinkOf(async (events) => {
        tries += 1;
        const cause = new ComponentError('TEST_ROW', 'bad', { retry: 'now' });
        if (tries === 1) throw new BatchError(new Map([[99, cause]]));
        if (tries === 2) throw new BatchError(new Map());
        written.push(...events);
      }),
      { checkpoints: checkpoints(), retry },
    );
  const ended = running.run();
  ended.catch(() => 'seen below');
  await running.caughtUp();
  await running.drain();
  await ended;
  expect(written).toHaveLength(5);
});

test('an event that is tried again is followed again by the later ones of its key', async () => {
  const state = new Map<string, number>();
  let tries = 0;
  const running = pipeline('test')
    .from(batches(1, 10))
    .to(
      sinkOf(async (events) => {
        tries += 1;
        for (const [index, event] of events.entries())
          if (tries > 1 || index > 0) state.set(event.key ?? '', event.data?.n ?? -1);
        if (tries === 1) throw new BatchError(new Map([[0, new ComponentError('TEST_ROW', 'busy', { retry: 'now' })]]));
      }),
      { checkpoints: checkpoints(), retry },
    );
  const ended = running.run();
  await running.caughtUp();
  await running.drain();
  await ended;
  expect([...state].sort()).toEqual([5, 6, 7, 8, 9].map((n) => [`a-key-${n % 5}`, n]));
});

test('a stage that is slow and moves on has lost nothing', async () => {
  const notices: string[] = [];
  const slow: Step = concatMap((delivery) => timer(20).pipe(map(() => delivery)));
  const running = pipeline('test', { settlementTimeoutMs: 150, notice: ({ message }) => notices.push(message) })
    .from(batches(20))
    .pipe(slow)
    .to(memorySink<Numbered>(), { checkpoints: checkpoints(), retry });
  const ended = running.run();
  await waitFor(() => running.report().counters.written >= 100, { what: 'all of it', timeoutMs: 4_000 });
  await running.drain();
  await ended;
  expect(notices).toEqual([]);
});

test('no limit in time means no limit', async () => {
  const source = memorySource<Numbered>();
  const sink = memorySink<Numbered>();
  const release = gate();
  const held = sinkOf(async (events, ctx) => {
    await release.promise;
    const session = await sink.open({ pipeline: 'p', signal: ctx.signal, notice: () => {} });
    await session.write(events, ctx);
  });
  const running = pipeline('test')
    .from(source)
    .pipe(batchBy({ events: 10, ms: Number.POSITIVE_INFINITY }))
    .to(held, { checkpoints: checkpoints(), retry });
  const ended = running.run();
  source.push({ data: numbered('a', 1).data });
  await waitFor(() => running.report().counters.received === 1, { what: 'the event' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(running.report().stages.map(({ held }) => held)).toEqual([1, 0]);
  const drained = running.drain({ timeoutMs: Number.POSITIVE_INFINITY });
  await new Promise((resolve) => setTimeout(resolve, 20));
  release.resolve();
  expect((await drained).complete).toBe(true);
  await ended;
  expect(sink.events).toHaveLength(1);
});

test('a listener that registers again while it lets go is asked once', async () => {
  let asked = 0;
  const again: Step = (deliveries) =>
    deliveries.pipe(
      tap((delivery) => {
        const register = () => {
          const undo = delivery.flow.onFlush(() => {
            asked += 1;
            undo();
            if (asked < 1_000) register();
          });
        };
        register();
      }),
    );
  const running = pipeline('test')
    .from(batches(1))
    .pipe(again)
    .to(memorySink<Numbered>(), { checkpoints: checkpoints(), retry });
  const ended = running.run();
  await running.caughtUp();
  await running.drain();
  await ended;
  expect(asked).toBeLessThan(10);
});
