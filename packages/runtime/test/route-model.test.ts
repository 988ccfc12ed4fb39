import {
  BatchError,
  type CheckpointStore,
  ComponentError,
  comparePositions,
  type Envelope,
  type Frame,
  type Position,
  type Sink,
} from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchBy, type Composition, filterEvents, memoryCheckpoints, partitionByKey, pipeline } from '../src/index.js';
import { type Numbered, numbered } from './support/events.js';
import { scriptedLane, scriptedSource, until } from './support/scripted-source.js';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers, one call after the other, what `script` holds, and `fine` from its end on. */
function played<T extends string>(script: readonly T[]): () => T | 'fine' {
  let calls = 0;
  return () => script[calls++] ?? 'fine';
}

type Fault = 'fine' | 'slow' | 'down' | 'torn' | 'lost answer';
type Delivery = 'plain' | 'idempotent' | 'atomic';

/** What one sink holds, and what it was given. */
class Branch {
  readonly written: Envelope<Numbered>[] = [];
  readonly newest = new Map<string, number>();
  readonly store: CheckpointStore = memoryCheckpoints();

  constructor(
    readonly name: string,
    readonly delivery: Delivery,
    private readonly script: () => Fault,
  ) {}

  sink(): Sink<Numbered> {
    const { name, delivery, store, script } = this;
    return {
      name,
      features: { delivery, maxEvents: 25 },
      open: async () => ({
        ...(delivery === 'atomic' ? { checkpoints: store } : {}),
        write: async (events, ctx) => {
          const how = script();
          if (how === 'slow') await wait(2);
          if (how === 'down') throw down();
          if (how === 'torn' && delivery !== 'atomic' && events.length > 1) {
            this.#apply(events.slice(0, -1));
            throw new BatchError(new Map([[events.length - 1, new ComponentError('TEST_ROW', '', { retry: 'now' })]]));
          }
          if (delivery === 'atomic' && (await store.save(ctx.checkpoints)) === 'fenced') {
            throw new ComponentError('CHECKPOINT_FENCED', '');
          }
          this.#apply(events);
          if (how === 'lost answer' && delivery !== 'atomic') throw down();
        },
        async [Symbol.asyncDispose]() {},
      }),
    };
  }

  #apply(events: readonly Envelope<Numbered>[]): void {
    for (const event of events) {
      this.written.push(event);
      const { lane, n } = event.data as Numbered;
      const at = `${lane}/${event.key}`;
      this.newest.set(at, Math.max(n, this.newest.get(at) ?? -1));
    }
  }
}

const down = () => new ComponentError('TEST_DOWN', 'down', { retry: 'backoff' });

/** Transactions of three events: positions count whole ones in `resume`, and events of the next in `within`. */
const SIZE = 3;
const position = (n: number): Position => ({ resume: String(Math.floor(n / SIZE)).padStart(6, '0'), within: n % SIZE });
const eventAt = ({ resume, within }: Position) => Number(resume) * SIZE + within;

/** Snapshot lanes, and one that comes after them. Frames are of changing size, and break off now and then. */
function sourceOf(world: World, heedsCuts: boolean) {
  const { counts, size, breaks } = world;
  const names = counts.map((_, n) => (n === counts.length - 1 ? 'main' : `part${n}`));
  return scriptedSource(
    async function* ({ checkpoints, cuts }, closed) {
      for (const lane of world.mainFirst ? [...names].reverse() : names) {
        const count = counts[names.indexOf(lane)] as number;
        const known = checkpoints.get(lane)?.position;
        if (lane !== 'main' && checkpoints.get('main')) continue;
        const places = (cuts?.get(lane) ?? []).map(eventAt);
        const frames = async function* (): AsyncGenerator<Frame<Numbered>> {
          for (let n = known ? eventAt(known) : 0; n < count && !closed.aborted; ) {
            const how = breaks();
            if (how === 'break') throw new ComponentError('TEST_BROKEN', 'the connection broke', { retry: 'backoff' });
            if (how === 'slow') await wait(1);
            const from = n;
            const cut = heedsCuts ? places.find((place) => place > from) : undefined;
            n = Math.min(count, from + size(), cut ?? count);
            const events = Array.from({ length: n - from }, (_, i) => numbered(lane, from + i));
            yield { kind: 'batch', events, bytes: 100 * events.length, position: position(n) };
          }
          if (lane === 'main') await until(closed);
        };
        const after = lane === 'main' && known === undefined ? names.slice(0, -1) : [];
        const confirm = async (upTo: Position) => world.confirm(lane, upTo);
        yield scriptedLane(lane, frames, { confirm, ...(lane === 'main' ? { after, start: position(0) } : {}) });
      }
      await until(closed);
    },
    {
      head: async () => new Map([['main', position(counts.at(-1) as number)]]),
    },
  );
}

class World {
  readonly violations: string[] = [];
  readonly #confirmed = new Map<string, Position>();

  constructor(
    readonly branches: readonly Branch[],
    readonly counts: readonly number[],
    readonly size: () => number,
    readonly breaks: () => 'fine' | 'break' | 'slow',
    readonly mainFirst: boolean,
  ) {}

  /** A position may be confirmed only when all before it is durable in every branch. */
  confirm(lane: string, upTo: Position): void {
    for (const { name, written } of this.branches) {
      const ids = new Set(written.map(({ id }) => id));
      for (let n = 0; n < eventAt(upTo); n++) {
        if (!ids.has(`${lane}-${n}`)) this.violations.push(`${lane}-${n} was confirmed before ${name} had it`);
      }
    }
    const before = this.#confirmed.get(lane);
    if (before && comparePositions(upTo, before) < 0) this.violations.push(`${lane} went back to ${upTo.resume}`);
    this.#confirmed.set(lane, upTo);
  }
}

const fault = fc.constantFrom<Fault[]>('fine', 'fine', 'fine', 'slow', 'down', 'torn', 'lost answer');
const scenario = fc.record({
  branches: fc.array(
    fc.record({
      delivery: fc.constantFrom<Delivery[]>('plain', 'idempotent', 'atomic'),
      faults: fc.array(fault, { maxLength: 25 }),
      shape: fc.constantFrom('straight', 'held', 'partitioned'),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  breaks: fc.array(fc.constantFrom('fine', 'fine', 'fine', 'fine', 'slow', 'break'), { maxLength: 30 }),
  counts: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 3 }),
  sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
  buffer: fc.integer({ min: 1, max: 5 }),
  batches: fc.integer({ min: 1, max: 20 }),
  mainFirst: fc.boolean(),
  drains: fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 10 }), timeoutMs: fc.constantFrom(0, 1, 3, 500) }), {
    maxLength: 3,
  }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

/** Runs it to the end: drained and run again as the scenario has it, each time until all branches have everything. */
async function play(given: Scenario, heedsCuts = true): Promise<World> {
  let turn = 0;
  const branches = given.branches.map(({ delivery, faults }, n) => new Branch(`b${n}`, delivery, played(faults)));
  const size = () => given.sizes[turn++ % given.sizes.length] as number;
  const world = new World(branches, given.counts, size, played(given.breaks), given.mainFirst);
  const source = sourceOf(world, heedsCuts);
  let failure: unknown;
  const start = () => {
    const running = pipeline('p', {
      credits: { batches: given.batches },
      checkpointIntervalMs: 1,
      notice: () => undefined,
    })
      .from(source)
      .pipe(filterEvents(() => true))
      .route(
        Object.fromEntries(
          branches.map((branch, n) => [
            branch.name,
            (one: Composition<Numbered>) => {
              const shape = given.branches[n]?.shape;
              const to = {
                retry: { initialMs: 0, maxMs: 1, maxAttempts: 2 },
                ...(branch.delivery === 'atomic' ? {} : { checkpoints: branch.store }),
              };
              if (shape === 'held') return one.pipe(batchBy({ events: 30, ms: 20 })).to(branch.sink(), to);
              if (shape === 'partitioned') return one.pipe(partitionByKey({ partitions: 3 })).to(branch.sink(), to);
              return one.to(branch.sink(), to);
            },
          ]),
        ),
        { buffer: { batches: given.buffer } },
      );
    const ended = running.run().catch((error: unknown) => {
      failure ??= error;
    });
    return { running, ended };
  };
  for (const { afterMs, timeoutMs } of given.drains) {
    const { running, ended } = start();
    await wait(afterMs);
    await running.drain({ timeoutMs });
    await ended;
  }
  const { running, ended } = start();
  const count = given.counts.at(-1) as number;
  const done = async ({ name, store }: Branch) => {
    const stored = (await store.load('p')).find((one) => one.sink === name && one.lane === 'main')?.checkpoint;
    return stored && eventAt(stored.position) >= count;
  };
  const deadline = Date.now() + 15_000;
  while (failure === undefined && !(await Promise.all(branches.map(done))).every(Boolean)) {
    if (Date.now() > deadline) throw new Error(`it hangs: ${JSON.stringify(running.report())}`);
    await wait(1);
  }
  await running.drain();
  await ended;
  if (failure !== undefined) throw failure;
  return world;
}
function check({ branches, counts, violations }: World): void {
  expect(violations).toEqual([]);
  for (const { delivery, written, newest } of branches) {
    const ids = written.map(({ id }) => id);
    const set = new Set(ids);
    for (const [index, count] of counts.entries()) {
      const lane = index === counts.length - 1 ? 'main' : `part${index}`;
      for (let n = 0; n < count; n++) expect(set.has(`${lane}-${n}`), `${lane}-${n}`).toBe(true);
    }
    if (delivery === 'atomic') expect(ids.length, 'events that an atomic sink applied').toBe(set.size);
    // Order within a key, up to repetitions: the last is the newest.
    const last = new Map(written.map(({ data, key }) => [`${data?.lane}/${key}`, data?.n]));
    expect(last).toEqual(newest);
  }
}

test('whatever breaks, and wherever the branches stand, each of them loses nothing, keeps its order, and an atomic one applies nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => check(await play(given))),
    { numRuns: 150, endOnFailure: true, timeout: 30_000 },
  );
}, 240_000);
