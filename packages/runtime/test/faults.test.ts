import {
  BatchError,
  type CheckpointStore,
  ComponentError,
  type Envelope,
  type Frame,
  type Sink,
} from '@sluice/contracts';
import fc from 'fast-check';
import { bufferCount, concatMap, delay, map, mergeMap, type OperatorFunction, of } from 'rxjs';
import { expect, test } from 'vitest';
import {
  batchBy,
  Delivery,
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  partitionByKey,
  pipeline,
} from '../src/index.js';
import type { Numbered } from './support/events.js';
import { at, batchOf, place, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

/** Answers, one call after the other, what `script` holds, and `fine` from its end on. */
function played<T extends string>(script: readonly T[]): () => T | 'fine' {
  let calls = 0;
  return () => script[calls++] ?? 'fine';
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What is durable, and what was promised about it. */
class World {
  readonly written: Envelope<Numbered>[] = [];
  readonly deadLetters = memoryDeadLetters();
  readonly violations: string[] = [];
  readonly confirmed = new Map<string, number>();

  /** A position may be confirmed only when all before it is durable. */
  confirm(lane: string, upTo: number): void {
    const done = new Set(
      this.written.concat(this.deadLetters.letters.map(({ event }) => event as Envelope<Numbered>)).map(({ id }) => id),
    );
    for (let n = 0; n < upTo; n++)
      if (!done.has(`${lane}-${n}`)) this.violations.push(`${lane}-${n} confirmed too early`);
    if (upTo < (this.confirmed.get(lane) ?? 0)) this.violations.push(`${lane} went back`);
    this.confirmed.set(lane, upTo);
  }
}

type Fault = 'fine' | 'slow' | 'down' | 'some' | 'poison' | 'strange';

function sinkOf(
  world: World,
  delivery: 'plain' | 'atomic',
  script: () => Fault,
  checkpoints: CheckpointStore,
): Sink<Numbered> {
  const atomic = delivery === 'atomic';
  return {
    name: 'sink',
    features: { delivery, maxEvents: 40 },
    open: async () => ({
      ...(atomic ? { checkpoints } : {}),
      async write(events, ctx) {
        const how = script();
        if (how === 'slow') await wait(2);
        if (how === 'down') throw new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });
        if (how === 'strange' && !atomic) throw new Error('strange');
        if ((how === 'some' || how === 'poison') && events.length > 0) {
          if (!atomic) world.written.push(...events.slice(1));
          throw new BatchError(
            new Map([[0, new ComponentError('TEST_ROW', 'bad', { retry: how === 'some' ? 'now' : 'never' })]]),
          );
        }
        if (atomic && (await checkpoints.save(ctx.checkpoints)) === 'fenced')
          throw new ComponentError('CHECKPOINT_FENCED', '');
        world.written.push(...events);
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
}

function shaky(inner: CheckpointStore, script: () => 'fine' | 'slow' | 'down'): CheckpointStore {
  const play = async () => {
    const how = script();
    if (how === 'slow') await wait(2);
    if (how === 'down') throw new ComponentError('TEST_STORE', 'the store is down', { retry: 'backoff' });
  };
  return {
    acquire: async (...parts) => play().then(() => inner.acquire(...parts)),
    load: async (name) => play().then(() => inner.load(name)),
    save: async (writes) => play().then(() => inner.save(writes)),
    async [Symbol.asyncDispose]() {},
  };
}

/** Snapshot lanes, and one that comes after them; its frames break off now and then. */
function sourceOf(world: World, counts: readonly number[], size: number, breaks: () => 'fine' | 'break' | 'slow') {
  const names = counts.map((_, n) => (n === counts.length - 1 ? 'main' : `part${n}`));
  return scriptedSource(async function* ({ checkpoints }, closed) {
    for (const [index, lane] of names.entries()) {
      const count = counts[index] as number;
      const known = checkpoints.get(lane)?.position;
      // A part whose checkpoint was removed when the main lane began is over for good.
      if (lane !== 'main' && checkpoints.get('main')) continue;
      const frames = async function* (): AsyncGenerator<Frame<Numbered>> {
        for (let n = place(known); n < count; ) {
          const how = breaks();
          if (how === 'break') throw new ComponentError('TEST_BROKEN', 'the connection broke', { retry: 'backoff' });
          if (how === 'slow') await wait(1);
          const end = Math.min(count, n + size);
          yield batchOf(lane, n, end);
          n = end;
          if (n % 3 === 0) yield { kind: 'progress', position: at(n) };
        }
        if (lane === 'main') await until(closed);
      };
      const after = lane === 'main' && known === undefined ? names.slice(0, -1) : [];
      const confirm = async (upTo: { resume: string; within: number }) => world.confirm(lane, place(upTo));
      yield scriptedLane(lane, frames, { confirm, ...(lane === 'main' ? { after, start: at(0) } : {}) });
    }
    await until(closed);
  });
}

type Step = OperatorFunction<Delivery<Numbered>, Delivery<Numbered>>;
const steps: Record<string, (fault: () => 'fine' | 'break') => Step> = {
  hold: () => batchBy({ events: 60, ms: 100 }),
  partition: () => partitionByKey({ partitions: 3 }),
  slow: () => concatMap((delivery) => of(delivery).pipe(delay(1))),
  aside: () => mergeMap((delivery) => of(delivery).pipe(delay(0))),
  joined: () => (deliveries) => deliveries.pipe(bufferCount(1), map(Delivery.merge)) as never,
  poison: () =>
    mapEvents((data) => {
      if (data.n % 23 === 7) throw new Error('poison');
      return data;
    }),
  broken: (fault) => (deliveries) =>
    deliveries.pipe(
      map((delivery) => {
        if (fault() === 'break') throw new ComponentError('TEST_STAGE', 'a stage broke', { retry: 'backoff' });
        return delivery;
      }),
    ),
};

const scenario = fc.record({
  delivery: fc.constantFrom('plain' as const, 'atomic' as const),
  writes: fc.array(fc.constantFrom('fine', 'fine', 'slow', 'down', 'some', 'poison', 'strange'), { maxLength: 30 }),
  saves: fc.array(fc.constantFrom('fine', 'fine', 'slow', 'down'), { maxLength: 30 }),
  breaks: fc.array(fc.constantFrom('fine', 'fine', 'fine', 'fine', 'slow', 'break'), { maxLength: 40 }),
  faults: fc.array(fc.constantFrom('fine', 'fine', 'fine', 'break'), { maxLength: 20 }),
  operators: fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 4 }),
  counts: fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 3 }),
  size: fc.integer({ min: 1, max: 20 }),
  batches: fc.integer({ min: 1, max: 20 }),
  drains: fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 8 }), timeoutMs: fc.constantFrom(0, 1, 3, 500) }), {
    maxLength: 3,
  }),
});

test('whatever breaks and whenever it is drained and run again, nothing is lost or confirmed early, and keys keep their order', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const world = new World();
      const store = shaky(memoryCheckpoints(), played(given.saves));
      const sink = sinkOf(world, given.delivery, played(given.writes), store);
      const source = sourceOf(world, given.counts, given.size, played(given.breaks));
      const fault = played(given.faults);
      const make = () => {
        let composition = pipeline('p', {
          credits: { bytes: 8_000, batches: given.batches },
          maxBatchBytes: 2_000,
          checkpointIntervalMs: 1,
        }).from(source);
        for (const operator of given.operators)
          composition = composition.pipe((steps[operator] as (typeof steps)[string])(fault));
        return composition.to(sink, {
          deadLetters: world.deadLetters,
          checkpoints: store,
          retry: { initialMs: 0, maxMs: 1, maxAttempts: 3 },
        });
      };
      for (const { afterMs, timeoutMs } of given.drains) {
        const running = make();
        const ended = running.run();
        await wait(afterMs);
        await running.drain({ timeoutMs });
        await ended;
      }
      const running = make();
      let failure: unknown;
      const ended = running.run().catch((error: unknown) => {
        failure = error;
      });
      const main = given.counts.at(-1) as number;
      const position = async () =>
        place((await store.load('p').catch(() => [])).find(({ lane }) => lane === 'main')?.checkpoint?.position);
      const began = async () =>
        (await store.load('p').catch(() => [])).some(({ lane, checkpoint }) => lane === 'main' && checkpoint !== null);
      const deadline = Date.now() + 15_000;
      while (!(await began()) || (await position()) < main) {
        expect([failure, Date.now() < deadline], JSON.stringify(running.report())).toEqual([undefined, true]);
        await wait(1);
      }
      await running.drain();
      await ended;
      expect(running.report()).toMatchObject({ state: 'stopped', credits: { bytes: 0, batches: 0 }, unsettled: 0 });
      expect(world.violations).toEqual([]);

      const dead = new Set(world.deadLetters.letters.map(({ event }) => event.id));
      const ids = world.written.map(({ id }) => id);
      for (const [index, count] of given.counts.entries()) {
        const lane = index === given.counts.length - 1 ? 'main' : `part${index}`;
        for (let n = 0; n < count; n++)
          expect(ids.includes(`${lane}-${n}`) || dead.has(`${lane}-${n}`), `${lane}-${n}`).toBe(true);
      }
      if (given.delivery === 'atomic') expect(ids.length).toBe(new Set(ids).size);
      const newest = new Map<string, number>();
      const last = new Map<string, number>();
      for (const { key, data, id } of world.written) {
        if (key === undefined || data === null) continue;
        const before = newest.get(key) ?? -1;
        last.set(key, data.n);
        newest.set(key, Math.max(before, data.n));
        // A plain sink that takes part of a write takes later events first; it gets them once more afterwards.
        if (given.delivery === 'plain') continue;
        for (let n = before + 5; before >= 0 && n < data.n; n += 5)
          expect(dead.has(`${data.lane}-${n}`), `${id} came before ${data.lane}-${n}`).toBe(true);
      }
      expect(last).toEqual(newest);
    }),
    { numRuns: 120, endOnFailure: true, timeout: 20_000 },
  );
}, 240_000);
