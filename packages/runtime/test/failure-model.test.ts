import {
  BatchError,
  type ComponentError,
  type Envelope,
  type Sink,
  type SinkFeatures,
  type WriteContext,
} from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  batchBy,
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySource,
  partitionByKey,
  pipeline,
} from '../src/index.js';
import { type Life, mortal } from './support/mortal.js';
import { busy, poisoned } from './support/refusing-sink.js';

type Data = { readonly n: number };
const KEYS = ['a', '__proto__', 'c'];
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** How often an event fails, where, and whether its error says that trying again helps. */
const trouble = fc.record({
  times: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 5),
  where: fc.constantFrom('stage', 'sink', 'sink'),
  never: fc.boolean(),
});

type Trouble = typeof trouble extends fc.Arbitrary<infer T> ? T : never;

const scenario = fc.record({
  delivery: fc.constantFrom<SinkFeatures['delivery']>('plain', 'idempotent', 'atomic'),
  events: fc.array(fc.record({ key: fc.constantFrom(...KEYS), trouble }), { minLength: 1, maxLength: 60 }),
  batch: fc.integer({ min: 1, max: 12 }),
  operators: fc.array(fc.constantFrom('hold', 'partition', 'plain'), { maxLength: 2 }),
  steps: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ kind: fc.constantFrom('kill', 'drain', 'request', 'wait') }),
      fc.record({ kind: fc.constant('request one' as const), key: fc.constantFrom(...KEYS) }),
    ),
    { maxLength: 12 },
  ),
});

/**
 * A sink that refuses an event as often as it is told, and with it what comes behind it in its key: so that what it takes is
 * in order if what it is given is.
 */
class Model {
  readonly taken: { readonly n: number; readonly key: string }[] = [];
  readonly left: number[];
  readonly newest = new Map<string, bigint>();
  readonly checkpoints = memoryCheckpoints();

  constructor(private readonly events: readonly { readonly key: string; readonly trouble: Trouble }[]) {
    this.left = events.map(({ trouble }) => trouble.times);
  }

  fails(n: number, where: string): ComponentError | undefined {
    const { trouble } = this.events[n] as (typeof this.events)[number];
    if (trouble.where !== where || (this.left[n] ?? 0) <= 0) return undefined;
    this.left[n] = (this.left[n] ?? 0) - 1;
    return trouble.never || where === 'stage' ? poisoned() : busy();
  }

  mend(): void {
    this.left.fill(0);
  }

  sink(delivery: SinkFeatures['delivery'], life: Life): Sink<Data> {
    const write = async (events: readonly Envelope<Data>[], ctx: WriteContext) => {
      const failures = new Map<number, ComponentError>();
      const behind = new Set<string | undefined>();
      for (const [index, event] of events.entries()) {
        const error = behind.has(event.key) ? busy() : this.fails(event.data?.n ?? -1, 'sink');
        if (error === undefined) continue;
        failures.set(index, error);
        behind.add(event.key);
      }
      if (delivery === 'atomic') {
        if (failures.size > 0) throw new BatchError(failures);
        await this.checkpoints.save(ctx.checkpoints);
      }
      for (const [index, event] of events.entries()) if (!failures.has(index)) this.#take(event, delivery);
      if (failures.size > 0) throw new BatchError(failures);
    };
    const session = { write, ...(delivery === 'atomic' ? { checkpoints: mortal(this.checkpoints, life) } : {}) };
    return {
      name: 'model',
      features: { delivery },
      open: async () => ({ ...mortal(session, life), async [Symbol.asyncDispose]() {} }) as never,
    };
  }

  #take(event: Envelope<Data>, delivery: SinkFeatures['delivery']): void {
    const key = event.key ?? '';
    const { value } = event.version;
    if (delivery === 'idempotent' && (this.newest.get(key) ?? -1n) >= value) return;
    this.newest.set(key, value);
    this.taken.push({ n: event.data?.n ?? -1, key });
  }
}

test('whatever fails, is parked, replayed and killed: nothing is lost, and each key reaches the sink in order', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const model = new Model(given.events);
      const source = memorySource<Data>({ batch: given.batch });
      const checkpoints = memoryCheckpoints();
      const deadLetters = memoryDeadLetters();
      const start = () => {
        const life: Life = { dead: false };
        let composition = pipeline('p', { notice: () => {}, checkpointIntervalMs: 1 }).from(source);
        for (const operator of given.operators) {
          if (operator === 'hold') composition = composition.pipe(batchBy({ events: 30, ms: 3 }));
          if (operator === 'partition') composition = composition.pipe(partitionByKey({ partitions: 2 }));
          if (operator === 'plain') composition = composition.pipe(mapEvents((data) => data));
        }
        const running = composition
          .pipe(
            mapEvents((data) => {
              const error = model.fails(data.n, 'stage');
              if (error !== undefined) throw error;
              return data;
            }),
          )
          .to(model.sink(given.delivery, life), {
            checkpoints: mortal(checkpoints, life),
            deadLetters: mortal(deadLetters, life),
            onFailure: 'park',
            deadLetterPollMs: 5,
            retry: { initialMs: 0, maxMs: 1, maxAttempts: 3 },
          });
        const ended = running.run();
        ended.catch(() => 'seen at the end');
        return { life, running, ended };
      };
      let pushed = 0;
      const push = (count: number) => {
        const next = given.events.slice(pushed, pushed + count);
        source.push(...next.map(({ key }, at) => ({ key, data: { n: pushed + at } })));
        pushed += next.length;
      };

      let now = start();
      for (const step of given.steps) {
        if (step.kind === 'push') push(step.count);
        if (step.kind === 'request') await now.running.deadLetters.request();
        if (step.kind === 'request one') await now.running.deadLetters.request({ key: step.key });
        if (step.kind === 'kill') now.life.dead = true;
        if (step.kind === 'kill') void now.running.drain({ timeoutMs: 0 });
        if (step.kind === 'drain') await now.running.drain({ timeoutMs: 1 });
        if (step.kind === 'drain' || step.kind === 'kill') now = start();
        await wait(2);
      }
      push(given.events.length);
      await now.running.caughtUp();
      const dead = new Set(deadLetters.letters.filter(isOpen).map(({ event }) => (event.data as Data).n));
      const there = new Set(model.taken.map(({ n }) => n));
      const missing = given.events.flatMap((_, n) => (dead.has(n) || there.has(n) ? [] : [n]));
      expect(missing).toEqual([]);

      model.mend();
      await waitFor(
        async () => {
          await now.running.deadLetters.request();
          return !deadLetters.letters.some(isOpen);
        },
        { what: 'every letter to be replayed' },
      );
      await now.running.drain();
      await now.ended;
      expect(now.running.report()).toMatchObject({ state: 'stopped', unsettled: 0, credits: { bytes: 0, batches: 0 } });

      for (const key of KEYS) {
        const history = model.taken.filter((one) => one.key === key).map(({ n }) => n);
        const firsts = [...new Set(history)];
        const expected = given.events.flatMap((event, n) => (event.key === key ? [n] : []));
        expect(firsts).toEqual(expected);
        expect(history.at(-1)).toBe(expected.at(-1));
      }
    }),
    { numRuns: 80, endOnFailure: true },
  );
}, 240_000);

function isOpen({ status }: { readonly status: string }): boolean {
  return status === 'waiting' || status === 'requested';
}
