import { type CheckpointStore, ComponentError, type Envelope, type Sink, type WriteContext } from '@sluice/contracts';
import { assertSettled, waitFor } from '@sluice/testkit';
import {
  bufferCount,
  concatMap,
  delay,
  ignoreElements,
  map,
  mergeMap,
  type OperatorFunction,
  of,
  take,
  timer,
} from 'rxjs';
import { expect, test } from 'vitest';
import {
  batchBy,
  Delivery,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  type Notice,
  type PipelineOptions,
  partitionByKey,
  pipeline,
} from '../src/index.js';

type Data = { readonly n: number };
const numbers = (count: number, key = (n: number) => `k${n % 3}`) =>
  Array.from({ length: count }, (_, n) => ({ data: { n }, key: key(n) }));

/** A sink whose `write` is given. */
function sinkOf(write: (events: readonly Envelope<Data>[], ctx: WriteContext) => Promise<void>): Sink<Data> {
  return {
    name: 'given',
    features: { delivery: 'plain' },
    open: async () => ({ write, async [Symbol.asyncDispose]() {} }),
  };
}

function started(options: PipelineOptions = {}) {
  const source = memorySource<Data>({ batch: 5 });
  const notices: Notice[] = [];
  const composition = pipeline('test', { notice: (notice) => notices.push(notice), ...options }).from(source);
  return { source, notices, composition, checkpoints: memoryCheckpoints() };
}

test('an operator that lets an event overtake one of the same key fails the pipeline, and is named', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(20, () => 'same'));
  let first = true;
  const running = composition
    .pipe(
      mergeMap((delivery) => {
        const ms = first ? 20 : 0;
        first = false;
        return of(delivery).pipe(delay(ms));
      }),
    )
    .to(memorySink<Data>(), { checkpoints });
  await expect(running.run()).rejects.toMatchObject({ code: 'PIPELINE_DELIVERY_REORDERED', retry: 'operator' });
  expect(running.report().lastError?.message).toContain('stage 1');
});

test('deliveries that are joined over one of the same key fail the pipeline', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(15, (n) => (n < 10 ? 'same' : 'other')));
  const swapped: OperatorFunction<Delivery<Data>, Delivery<Data>> = (deliveries) =>
    deliveries.pipe(
      bufferCount(3),
      mergeMap(([a, b, c]) => {
        const joined = Delivery.merge([a, c] as Delivery<Data>[]);
        return of(b as Delivery<Data>, joined);
      }),
    );
  const running = composition.pipe(swapped).to(memorySink<Data>(), { checkpoints });
  await expect(running.run()).rejects.toMatchObject({ code: 'PIPELINE_DELIVERY_REORDERED' });
});

test.each([
  ['without a key in common', {}, (n: number) => `k${n}`],
  ['when it is declared unordered', { unordered: true }, () => 'same'],
])('overtaking is allowed %s', async (_, options, key) => {
  const { source, composition, checkpoints } = started(options);
  source.push(...numbers(20, key));
  source.end();
  const sink = memorySink<Data>();
  const running = composition
    .pipe(mergeMap((delivery) => of(delivery).pipe(delay((delivery.events[0]?.data?.n ?? 0) < 5 ? 20 : 0))))
    .to(sink, { checkpoints });
  await running.run();
  expect(sink.events).toHaveLength(20);
  expect(sink.events[0]?.data?.n).toBe(5);
});

test('partitions of one delivery may overtake each other', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(50, (n) => `k${n % 10}`));
  source.end();
  const sink = memorySink<Data>();
  await composition
    .pipe(
      partitionByKey({ partitions: 4 }),
      mergeMap((delivery) => of(delivery).pipe(delay(delivery.partition === 0 ? 10 : 0))),
    )
    .to(sink, { checkpoints })
    .run();
  expect(sink.events).toHaveLength(50);
});

test('an operator that drops a delivery is named after the settlement time-out, and nothing is lost', async () => {
  const { source, composition, checkpoints, notices } = started({ settlementTimeoutMs: 300 });
  source.push(...numbers(20, (n) => `k${n}`));
  const sink = memorySink<Data>();
  let dropped = false;
  const running = composition
    .pipe(
      concatMap((delivery) => {
        if (dropped) return of(delivery);
        dropped = true;
        return of(delivery).pipe(ignoreElements());
      }),
    )
    .to(sink, { checkpoints });
  void running.run();
  await waitFor(() => running.report().counters.written === 15, { what: 'the other deliveries' });
  expect(() => assertSettled(running.report())).toThrow(/TEST_DELIVERY_LEAKED: stage 1 .* holds 1/);
  await running.caughtUp();
  assertSettled(running.report());
  expect(notices.map(({ code }) => code)).toEqual(['PIPELINE_DELIVERY_LOST']);
  expect(notices[0]?.message).toContain('stage 1');
  expect(new Set(sink.events.map(({ id }) => id)).size).toBe(20);
  await running.drain();
});

test('operators that hold back by design are no losers', async () => {
  const { source, composition, checkpoints, notices } = started({ settlementTimeoutMs: 60 });
  source.push(...numbers(3));
  const running = composition.pipe(batchBy({ events: 1_000, ms: 400 })).to(memorySink<Data>(), { checkpoints });
  void running.run();
  await running.caughtUp();
  expect(notices).toEqual([]);
  await running.drain();
});

test('an operator that ends early restarts the pipeline from its checkpoint, and then fails it', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(20));
  const running = composition.pipe(take(1)).to(
    sinkOf(async () => {
      throw new ComponentError('TEST_DOWN', 'down');
    }),
    { checkpoints, retry: { initialMs: 1, maxMs: 1 } },
  );
  await expect(running.run()).rejects.toMatchObject({ code: 'PIPELINE_STAGE_COMPLETED' });
  expect(running.report().counters.generations).toBe(9);
});

test('a delivery emitted twice is an error that names the stage', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(5));
  const running = composition
    .pipe(mergeMap((delivery) => of(delivery, delivery)))
    .to(memorySink<Data>(), { checkpoints });
  await expect(running.run()).rejects.toMatchObject({ code: 'PIPELINE_DELIVERY_REUSED' });
});

test('operators of RxJS work: map, concatMap with a timer, bufferCount with merge', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(60));
  source.end();
  const sink = memorySink<Data>();
  await composition
    .pipe(
      map((delivery) => delivery.with([...delivery.events])),
      concatMap((delivery) => timer(1).pipe(map(() => delivery))),
      (deliveries) => deliveries.pipe(bufferCount(5), map(Delivery.merge)),
    )
    .to(sink, { checkpoints })
    .run();
  expect(sink.events.map(({ data }) => data?.n)).toEqual(numbers(60).map(({ data }) => data.n));
});

test('an outage of the sink is waited out, and makes no dead letter', async () => {
  const { source, composition, checkpoints, notices } = started();
  source.push(...numbers(10));
  let down = true;
  const written: number[] = [];
  const running = composition.to(
    sinkOf(async (events) => {
      if (down) throw new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });
      written.push(...events.map(({ data }) => data?.n ?? -1));
    }),
    { checkpoints, retry: { initialMs: 1, maxMs: 2, maxAttempts: 3 } },
  );
  void running.run();
  await waitFor(() => running.report().counters.generations > 3, { what: 'several openings' });
  down = false;
  await running.caughtUp();
  expect(written).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(notices.every(({ code }) => code === 'TEST_DOWN')).toBe(true);
  await running.drain();
});

test('an outage that is told by plain errors makes no dead letters either', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(10));
  let down = true;
  const deadLetters = memoryDeadLetters();
  const running = composition.to(
    sinkOf(async () => {
      if (down) throw new Error('connect ECONNREFUSED');
    }),
    { checkpoints, deadLetters, retry: { initialMs: 1, maxMs: 2, maxAttempts: 2 } },
  );
  void running.run();
  await waitFor(() => running.report().counters.generations > 2, { what: 'several openings' });
  down = false;
  await running.caughtUp();
  expect(deadLetters.letters).toEqual([]);
  await running.drain();
});

test('a newer instance takes over: the older one fails, fenced, and its checkpoint is not stored', async () => {
  const { source, composition, checkpoints } = started({ checkpointIntervalMs: 0 });
  source.push(...numbers(5));
  const older = composition.to(memorySink<Data>(), { checkpoints });
  const ended = older.run();
  await older.caughtUp();
  await waitFor(() => source.confirmed === 5, { what: 'the first confirmation' });
  const { fence } = await checkpoints.acquire('test', 'memory', 'memory', 'newer');
  expect(fence).toBe(2n);
  source.push(...numbers(5));
  await expect(ended).rejects.toMatchObject({ code: 'CHECKPOINT_FENCED', retry: 'operator' });
  expect((await checkpoints.load('test'))[0]?.checkpoint?.position.resume).toBe('0000000000000005');
});

test.each([
  ['CHECKPOINT_IDENTITY', { position: { resume: '0000000000000001', within: 0 }, identity: 'another cluster' }],
])('a checkpoint that does not fit the source is an error: %s', async (code, checkpoint) => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(5));
  await plant(checkpoints, checkpoint);
  await expect(composition.to(memorySink<Data>(), { checkpoints }).run()).rejects.toMatchObject({ code });
});

test('a checkpoint behind what the source has given up is an error, never a silent start', async () => {
  const { source, checkpoints } = started();
  await plant(checkpoints, { position: { resume: '0000000000000001', within: 0 }, identity: 'memory:memory' });
  const trimmed: typeof source = {
    ...source,
    async open(ctx) {
      const session = await source.open(ctx);
      return {
        ...session,
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
        async *lanes() {
          for await (const lane of session.lanes()) {
            yield { ...lane, confirmed: { resume: '0000000000000003', within: 0 } };
          }
        },
      };
    },
  };
  await expect(pipeline('test').from(trimmed).to(memorySink<Data>(), { checkpoints }).run()).rejects.toMatchObject({
    code: 'CHECKPOINT_BEHIND',
    details: { checkpoint: '0000000000000001', confirmed: '0000000000000003' },
  });
});

async function plant(
  store: CheckpointStore,
  checkpoint: { position: { resume: string; within: number }; identity: string },
) {
  const { fence } = await store.acquire('test', 'memory', 'memory', 'before');
  await store.save([{ pipeline: 'test', sink: 'memory', lane: 'memory', fence, checkpoint }]);
}

test('a drain gives up at its deadline, says what, and a later run delivers it again', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(5));
  const stuck = composition.to(
    sinkOf(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ),
    { checkpoints },
  );
  const ended = stuck.run();
  await waitFor(() => stuck.report().counters.received === 5, { what: 'the events to arrive' });
  const report = await stuck.drain({ timeoutMs: 20 });
  expect(report).toMatchObject({ complete: false, givenUp: new Map([['memory', 5]]) });
  await ended;
  expect(source.confirmed).toBe(0);
});

test('caughtUp rejects with the reason when the sink does not come along', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(5));
  const running = composition.to(
    sinkOf(async () => {
      throw new ComponentError('TEST_DOWN', 'down');
    }),
    { checkpoints, retry: { initialMs: 5, maxMs: 5, maxAttempts: 100 } },
  );
  void running.run();
  await expect(running.caughtUp({ timeoutMs: 100 })).rejects.toMatchObject({
    code: 'PIPELINE_NOT_CAUGHT_UP',
    details: { lastError: 'TEST_DOWN', unsettled: 1 },
  });
  await running.drain({ timeoutMs: 0 });
});

test('an event larger than the whole budget is a typed error', async () => {
  const source = memorySource<Data>({ bytesPerEvent: 5_000, batch: 1 });
  source.push(...numbers(1));
  const running = pipeline('test', { credits: { bytes: 4_000 } })
    .from(source)
    .to(memorySink<Data>(), { checkpoints: memoryCheckpoints() });
  await expect(running.run()).rejects.toMatchObject({
    code: 'PIPELINE_EVENT_TOO_LARGE',
    details: { bytes: 5_000, budget: 4_000 },
  });
});

test('a stage that emits something else than deliveries fails the pipeline with advice', async () => {
  const { source, composition, checkpoints } = started();
  source.push(...numbers(20));
  const running = composition
    .pipe(bufferCount(2) as unknown as OperatorFunction<Delivery<Data>, Delivery<Data>>)
    .to(memorySink<Data>(), { checkpoints });
  await expect(running.run()).rejects.toMatchObject({ code: 'PIPELINE_STAGE_FAILED', retry: 'operator' });
});

test('a pipeline that cannot start says so, unless somebody else listens: of repetitions the 1st, 2nd, 4th, 8th', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on('warning', hear);
  const source = memorySource<Data>();
  const down = { ...source, open: async () => Promise.reject(new ComponentError('TEST_DOWN', 'unreachable')) };
  const running = pipeline('silent')
    .from(down)
    .to(memorySink<Data>(), { checkpoints: memoryCheckpoints(), retry: { initialMs: 1, maxMs: 1 } });
  void running.run();
  await waitFor(() => running.report().counters.retries >= 9, { what: 'nine tries' });
  await running.drain();
  await waitFor(() => warnings.length >= 4, { what: 'the warnings' });
  process.off('warning', hear);
  const tries = warnings.map(({ message }) => /silent: TEST_DOWN: unreachable \(try (\d+)/.exec(message)?.[1]);
  expect(tries.slice(0, 4)).toEqual(['1', '2', '4', '8']);
});

test.each([
  [
    'pipeline',
    () =>
      pipeline('p', { credit: {} } as PipelineOptions)
        .from(memorySource())
        .to(memorySink({ delivery: 'atomic' })),
  ],
  [
    'to',
    () =>
      pipeline('p')
        .from(memorySource())
        .to(memorySink(), { checkpoint: memoryCheckpoints() } as object),
  ],
  [
    'retry',
    () =>
      pipeline('p')
        .from(memorySource())
        .to(memorySink({ delivery: 'atomic' }), { retry: { tries: 1 } as object }),
  ],
  ['batchBy', () => batchBy({ event: 1 } as object)],
])('an option that %s does not have is refused, and named', (_, make) => {
  expect(make).toThrow(/OPTIONS_INVALID: .* has no option `(credit|checkpoint|tries|event)`; it has /);
});

test('a pipeline runs once', async () => {
  const { composition, checkpoints } = started();
  const running = composition.to(memorySink<Data>(), { checkpoints });
  void running.run();
  await expect(running.run()).rejects.toMatchObject({ code: 'PIPELINE_STATE' });
  await running.drain();
});
