import type { Source } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Composition, type PipelinePromise, partitionByKey, pipeline } from '../src/index.js';
import { type Numbered, numbered } from './support/events.js';
import {
  type Death,
  type Delivery,
  Life,
  Log,
  mortalStore,
  Queue,
  type SinkDefect,
  type SourceDefect,
  Target,
  type WriteFault,
} from './support/mortal-world.js';

type Shape = 'single' | 'routed' | 'partitioned';

/** A combination of parts, and what is wrong with one of them. */
interface Case {
  readonly delivery: Delivery;
  readonly ack: 'cumulative' | 'individual';
  readonly shape: Shape;
  readonly replayable?: boolean;
  readonly sinkDefect?: SinkDefect;
  readonly sourceDefect?: SourceDefect;
}

const fates = fc.record({
  count: fc.integer({ min: 1, max: 60 }),
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
  batches: fc.integer({ min: 1, max: 8 }),
  deaths: fc.array(fc.record({ effect: fc.integer({ min: 1, max: 25 }), after: fc.boolean() }), { maxLength: 4 }),
  faults: fc.array(fc.constantFrom<WriteFault[]>('fine', 'fine', 'fine', 'slow', 'down', 'torn', 'lost answer'), {
    maxLength: 20,
  }),
});
type Fates = typeof fates extends fc.Arbitrary<infer F> ? F : never;

/** What came out: the sinks, each with what was promised for it. */
type Outcome = readonly { readonly target: Target; readonly promise: PipelinePromise }[];

/** Lives one life after the other, the last until all is done. */
async function play(given: Case, { count, sizes, batches, deaths, faults }: Fates): Promise<Outcome> {
  let turn = 0;
  const size = () => sizes[turn++ % sizes.length] as number;
  const origin =
    given.ack === 'individual'
      ? new Queue(count, size)
      : new Log(count, size, given.replayable ?? true, given.sourceDefect);
  const targets = [new Target('target', given.delivery, faults, given.sinkDefect)];
  if (given.shape === 'routed') targets.push(new Target('other', 'atomic', []));
  let promises: readonly PipelinePromise[] = [];
  for (const death of [...deaths, undefined]) promises = await live(given.shape, origin, targets, batches, death);
  return targets.map((target, n) => ({ target, promise: promises[n] as PipelinePromise }));
}

async function live(
  shape: Shape,
  origin: Log | Queue,
  targets: readonly Target[],
  batches: number,
  death: Death | undefined,
) {
  const life = new Life(death);
  const source: Source<Numbered> = origin.source(life);
  const to = (from: Composition<Numbered>, target: Target) =>
    from.to(target.sink(life), {
      retry: { initialMs: 0, maxMs: 1, maxAttempts: 3 },
      circuitBreaker: false,
      ...(target.delivery === 'atomic' ? {} : { checkpoints: mortalStore(target.store, life) }),
    });
  const options = { credits: { batches }, checkpointIntervalMs: 0, notice: () => undefined };
  const from = pipeline('p', options).from(source);
  const running =
    shape === 'routed'
      ? from.route(Object.fromEntries(targets.map((target) => [target.name, (branch) => to(branch, target)])))
      : to(shape === 'partitioned' ? from.pipe(partitionByKey({ partitions: 3 })) : from, targets[0] as Target);
  const report = running.report();
  const promises =
    'branches' in report ? Object.values(report.branches).map(({ promise }) => promise) : [report.promise];
  // A dead process reads no more; what it has open is closed, and changes nothing.
  life.died = () => void running.drain({ timeoutMs: 0 });
  const ended = running.run().catch((error: unknown) => {
    if (life.alive) throw error;
  });
  const done = async () => {
    if (origin instanceof Queue) while (life.alive && origin.acked.size < origin.count) await new Promise(setImmediate);
    else
      await running.caughtUp({ timeoutMs: 20_000 }).catch((error: unknown) => {
        if (life.alive) throw error;
      });
  };
  await Promise.race([done(), ended]);
  await running.drain();
  await ended;
  return promises;
}

/** Whether the outcome is as it was promised, in every point of the promise. */
function check(outcome: Outcome, count: number): void {
  const origin = Array.from({ length: count }, (_, n) => numbered('log', n));
  const newest = new Map(origin.map(({ key, version }) => [key ?? '', version.value]));
  for (const { target, promise } of outcome) {
    const ids = target.written.map(({ id }) => id);
    const missing = origin.filter(({ id }) => !ids.includes(id)).map(({ id }) => id);
    const twice = ids.filter((id, n) => ids.indexOf(id) !== n);
    const lossless = promise.delivery === 'effectively-once' || promise.delivery === 'at-least-once';
    if (lossless) expect(missing, 'events that the sink has not').toEqual([]);
    const once = promise.delivery === 'effectively-once' || promise.delivery === 'at-most-once';
    if (once && target.delivery !== 'idempotent') expect(twice, 'events that the sink applied twice').toEqual([]);
    if (lossless && once) expect(target.state, 'the state of the sink').toEqual(newest);
    if (promise.order === 'per key') checkOrder(target.written, lossless);
  }
}

/** Within a key, an event comes only after all before it have come once; where some may be lost, after none behind it has. */
function checkOrder(written: Target['written'], lossless: boolean): void {
  const reached = new Map<string, number>();
  for (const { key = '', data } of written) {
    const n = data?.n ?? 0;
    const before = reached.get(key);
    if (before !== undefined && n <= before) continue;
    const expected = before === undefined ? n % 5 : before + 5;
    if (lossless) expect(n, `the next new event of ${key}`).toBe(expected);
    reached.set(key, n);
  }
  const last = new Map(written.map(({ key = '', data }) => [key, data?.n]));
  if (written.length > 0) expect(last, 'the last event of each key').toEqual(reached);
}

const property = (given: Case) =>
  fc.asyncProperty(fates, async (drawn) => check(await play(given, drawn), drawn.count));

const deliveries: readonly Delivery[] = ['atomic', 'idempotent', 'plain'];
const cases = deliveries.flatMap((delivery) =>
  (['cumulative', 'individual'] as const).flatMap((ack) =>
    (['single', 'routed', 'partitioned'] as const).map((shape): Case => ({ delivery, ack, shape })),
  ),
);
const once = deliveries.flatMap((delivery) =>
  (['single', 'routed', 'partitioned'] as const).map(
    (shape): Case => ({ delivery, ack: 'cumulative', shape, replayable: false }),
  ),
);

describe('whatever crashes, the outcome is what the pipeline shows that it promises', () => {
  test.each(cases)(
    '$delivery sink, $ack acks, $shape',
    async (given) => {
      await fc.assert(property(given), { numRuns: 30, endOnFailure: true });
    },
    120_000,
  );

  test.each(once)(
    '$delivery sink, a source that cannot be read again, $shape',
    async (given) => {
      await fc.assert(property(given), { numRuns: 20, endOnFailure: true });
    },
    120_000,
  );
});

describe('a part that does not keep its word is found', () => {
  test.each<[string, Case, RegExp]>([
    [
      'an atomic sink that stores checkpoints apart',
      { delivery: 'atomic', ack: 'cumulative', shape: 'single', sinkDefect: 'checkpoints apart' },
      /applied twice/,
    ],
    [
      'an idempotent sink that ignores versions',
      { delivery: 'idempotent', ack: 'individual', shape: 'single', sinkDefect: 'ignores versions' },
      /the state of the sink/,
    ],
    [
      'an idempotent sink that loses what it accepted',
      { delivery: 'idempotent', ack: 'cumulative', shape: 'partitioned', sinkDefect: 'accepts and loses' },
      /has not/,
    ],
    [
      'a plain sink that loses what it accepted',
      { delivery: 'plain', ack: 'individual', shape: 'single', sinkDefect: 'accepts and loses' },
      /has not/,
    ],
    [
      'a plain sink that writes the last event first',
      { delivery: 'plain', ack: 'cumulative', shape: 'single', sinkDefect: 'writes the last first' },
      /next new event|last event/,
    ],
    [
      'a source that goes on where it has read',
      { delivery: 'plain', ack: 'cumulative', shape: 'routed', sourceDefect: 'goes on where it has read' },
      /has not|next new event|CHECKPOINT/,
    ],
    [
      'a source that swaps events',
      { delivery: 'atomic', ack: 'cumulative', shape: 'single', sourceDefect: 'swaps events' },
      /next new event|last event/,
    ],
    [
      'a source that delivers again what it says is gone',
      { delivery: 'atomic', ack: 'cumulative', shape: 'single', replayable: false, sourceDefect: 'delivers again' },
      /applied twice/,
    ],
  ])(
    '%s',
    async (_, given, found) => {
      const result = await fc.check(property(given), { numRuns: 300, endOnFailure: true });
      expect(result.failed).toBe(true);
      expect(String(result.errorInstance)).toMatch(found);
    },
    120_000,
  );
});
