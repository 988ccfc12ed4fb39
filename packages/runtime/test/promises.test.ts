import {
  BatchError,
  type CheckpointStore,
  ComponentError,
  type Envelope,
  type Sink,
  type StateStore,
} from '@sluice/contracts';
import fc from 'fast-check';
import { concatMap, delay, type OperatorFunction, of } from 'rxjs';
import { expect, test } from 'vitest';
import {
  aggregateEvents,
  batchBy,
  type Delivery,
  dedupeEvents,
  expandEvents,
  filterEvents,
  mapEvents,
  mapEventsAsync,
  memoryCheckpoints,
  memoryDeadLetters,
  memoryState,
  partitionByKey,
  pipeline,
  throttleEvents,
} from '../src/index.js';
import type { Numbered } from './support/events.js';
import { PartitionedSource } from './support/partitioned-source.js';
import { QueueSource } from './support/queue-source.js';

/** A sink whose first writes go as `script` says; it remembers what was durable. */
class ShakySink implements Sink<Numbered> {
  readonly name = 'shaky';
  readonly features: { delivery: 'plain' | 'atomic'; maxEvents: number };
  readonly written: Envelope<Numbered>[] = [];
  readonly checkpoints = memoryCheckpoints();
  #writes = 0;
  #inFlight = new Set<string>();
  readonly violations: string[] = [];

  constructor(
    delivery: 'plain' | 'atomic',
    private readonly script: readonly ('fine' | 'slow' | 'backoff' | 'now' | 'some' | 'poison')[],
  ) {
    this.features = { delivery, maxEvents: 50 };
  }

  async open() {
    const atomic = this.features.delivery === 'atomic';
    return {
      ...(atomic ? { checkpoints: this.checkpoints } : {}),
      write: async (
        events: readonly Envelope<Numbered>[],
        ctx: { checkpoints: Parameters<CheckpointStore['save']>[0] },
      ) => {
        const lanes = new Set(events.map(({ data }) => data?.lane ?? ''));
        for (const lane of lanes) {
          if (atomic && this.#inFlight.has(lane)) this.violations.push(`two writes of ${lane} at once`);
          this.#inFlight.add(lane);
        }
        try {
          await this.#write(events, ctx.checkpoints, atomic);
        } finally {
          for (const lane of lanes) this.#inFlight.delete(lane);
        }
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async #write(
    events: readonly Envelope<Numbered>[],
    checkpoints: Parameters<CheckpointStore['save']>[0],
    atomic: boolean,
  ) {
    const how = this.script[this.#writes++] ?? 'fine';
    if (how === 'slow') await new Promise((resolve) => setTimeout(resolve, 2));
    if (how === 'now' || how === 'backoff') throw new ComponentError('TEST_OUTAGE', 'shaky', { retry: how });
    if ((how === 'some' || how === 'poison') && events.length > 1) {
      const cause = new ComponentError('TEST_ROW', 'bad row', { retry: how === 'some' ? 'now' : 'never' });
      if (!atomic) this.written.push(...events.slice(1));
      throw new BatchError(new Map([[0, cause]]));
    }
    if (atomic && (await this.checkpoints.save(checkpoints)) === 'fenced')
      throw new ComponentError('CHECKPOINT_FENCED', '');
    this.written.push(...events);
  }

  async [Symbol.asyncDispose]() {}
}

type Step = OperatorFunction<Delivery<Numbered>, Delivery<Numbered>>;
const steps: Record<string, (store: StateStore, at: number) => Step> = {
  map: () => mapEvents((data) => ({ ...data })),
  filter: () => filterEvents(({ n }) => n % 3 !== 0),
  expand: () => expandEvents((data, event) => [event, event.with(data, { idSuffix: 'twin' })]),
  batch: () => batchBy({ events: 33, ms: 2 }),
  partition: () => partitionByKey({ partitions: 3 }),
  slow: () => concatMap((delivery) => of(delivery).pipe(delay(0))),
  async: () => mapEventsAsync(async (data) => data, { concurrency: 7 }),
  throttle: () => throttleEvents({ events: 15, perMs: 1 }),
  dedupe: (store, at) => dedupeEvents({ store, scope: `seen-${at}` }),
  aggregate: (store, at) =>
    aggregateEvents({
      store,
      scope: `counts-${at}`,
      initial: () => 0,
      reduce: (count) => count + 1,
      emit: (_, { data }) => data,
    }),
  poison: () =>
    mapEvents((data) => {
      if (data.n % 41 === 7) throw new Error('poison');
      return data;
    }),
};

const scenario = fc.record({
  delivery: fc.constantFrom('plain' as const, 'atomic' as const),
  script: fc.array(fc.constantFrom('fine', 'fine', 'slow', 'backoff', 'now', 'some', 'poison'), { maxLength: 40 }),
  operators: fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 4 }),
  partitions: fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 3 }),
  batch: fc.integer({ min: 1, max: 20 }),
  credits: fc.record({ bytes: fc.integer({ min: 2_000, max: 10_000 }), batches: fc.integer({ min: 1, max: 20 }) }),
  disturb: fc.array(fc.constantFrom('crash', 'revoke-0', 'revoke-1', 'revoke-now', 'run'), { maxLength: 4 }),
});

const idsOf = (lane: string, count: number, operators: readonly string[]) => {
  let events = Array.from({ length: count }, (_, n) => ({ n, id: `${lane}-${n}` }));
  for (const operator of operators) {
    if (operator === 'filter') events = events.filter(({ n }) => n % 3 !== 0);
    if (operator === 'expand') events = events.flatMap((event) => [event, { n: event.n, id: `${event.id}#twin` }]);
  }
  return events.map(({ id }) => id);
};

test('through failures, revocations and crashes nothing is lost, an atomic sink has each event once, and all credits come back', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ delivery, script, operators, partitions, batch, credits, disturb }) => {
      const lanes = new Map(partitions.map((count, at) => [`p${at}`, count]));
      const source = new PartitionedSource(lanes, batch);
      const sink = new ShakySink(delivery, script);
      const deadLetters = memoryDeadLetters();
      const checkpoints = memoryCheckpoints();
      const store = memoryState();
      const make = () => {
        let composition = pipeline('p', { credits, maxBatchBytes: 2_000, checkpointIntervalMs: 1 }).from(source);
        for (const [at, operator] of operators.entries()) {
          composition = composition.pipe((steps[operator] as (typeof steps)[string])(store, at));
        }
        const retry = { initialMs: 0, maxMs: 1, maxAttempts: 4 };
        return composition.to(sink, { deadLetters, retry, ...(delivery === 'plain' ? { checkpoints } : {}) });
      };
      let running = make();
      let ended = running.run();
      for (const what of disturb) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (what === 'crash') {
          await running.drain({ timeoutMs: 0 });
          await ended;
          running = make();
          ended = running.run();
        }
        if (what.startsWith('revoke')) {
          const partition = what === 'revoke-1' ? 'p1' : 'p0';
          await source.revoke(partition, what === 'revoke-now' ? 0 : 500);
          source.assign(partition);
        }
        const { credits: used } = running.report();
        expect(used.bytes).toBeLessThan(credits.bytes + lanes.size * batch * 100);
        expect(used.batches).toBeLessThanOrEqual(credits.batches + lanes.size);
      }
      const all = () => [...lanes].every(([lane, count]) => count === 0 || source.committed.get(lane) === count);
      const deadline = Date.now() + 5_000;
      while (!all()) {
        expect(Date.now(), JSON.stringify({ stuck: running.report(), committed: [...source.committed] })).toBeLessThan(
          deadline,
        );
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(running.report()).toMatchObject({ credits: { bytes: 0, batches: 0 }, unsettled: 0 });
      expect(running.report().stages.every(({ held }) => held === 0)).toBe(true);
      await running.drain();
      await ended;
      expect(source.violations.concat(sink.violations)).toEqual([]);

      const written = sink.written.map(({ id }) => id);
      const dead = new Set(deadLetters.letters.map(({ event }) => event.id));
      const expected = [...lanes].flatMap(([lane, count]) => idsOf(lane, count, operators));
      const missing = expected.filter(
        (id) => !written.includes(id) && !dead.has(id) && !dead.has(id.split('#')[0] ?? ''),
      );
      expect(missing).toEqual([]);
      // Without twins an id tells an event: an atomic sink that has one twice has applied it twice.
      if (delivery === 'atomic' && operators.filter((operator) => operator === 'expand').length < 2) {
        expect(written.length).toBe(new Set(written).size);
      }
    }),
    { numRuns: 150, endOnFailure: true, timeout: 15_000 },
  );
}, 120_000);

test('messages with tokens of their own are acked once they are durable, and come back when the pipeline dies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 1, max: 10 }),
      fc.array(fc.constantFrom('fine', 'slow', 'now', 'some', 'poison' as const), { maxLength: 30 }),
      fc.boolean(),
      async (count, batch, script, crash) => {
        const source = new QueueSource(count, batch);
        const sink = new ShakySink('plain', script);
        const deadLetters = memoryDeadLetters();
        const make = () =>
          pipeline('q', { credits: { bytes: 4_000 } })
            .from(source)
            .pipe(partitionByKey({ partitions: 2 }))
            .to(sink, { deadLetters, retry: { initialMs: 0, maxMs: 1 } });
        let running = make();
        let ended = running.run();
        if (crash) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          await running.drain({ timeoutMs: 0 });
          await ended;
          running = make();
          ended = running.run();
        }
        const done = () =>
          new Set([...sink.written, ...deadLetters.letters.map(({ event }) => event)].map(({ id }) => id));
        const deadline = Date.now() + 5_000;
        while (source.acked.size < count) {
          for (const n of source.acked) expect(done().has(`queue-${n}`)).toBe(true);
          expect(Date.now()).toBeLessThan(deadline);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        await running.drain();
        await ended;
        expect([source.violations, source.inFlight]).toEqual([[], 0]);
      },
    ),
    { numRuns: 40, endOnFailure: true, timeout: 15_000 },
  );
}, 60_000);
