import {
  type Checkpoint,
  comparePositions,
  type Frame,
  type Lane,
  type LaneReader,
  type Position,
  paddedPosition,
  type Source,
  type SourceSession,
} from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryCheckpoints } from '../../src/index.js';
import { sharedBy } from '../../src/scale-out/leased-source.js';
import { type Numbered, numbered } from '../support/events.js';
import { SimulatedProcess, World } from './world.js';

const TTL_MS = 1_000;
const at = (n: number): Position => ({ resume: paddedPosition(n), within: 0 });
const place = (position: Position | undefined) => Number.parseInt(position?.resume ?? '0', 16);

/** What all instances read and write, and what they may not do. */
class Service {
  readonly count = new Map<Lane, number>();
  readonly read = new Map<Lane, Set<number>>();
  readonly violations: string[] = [];
  readonly checkpoints = memoryCheckpoints();
  readonly #newest = new Map<Lane, { generation: bigint; instance: Instance }>();

  constructor(
    readonly world: World,
    readonly lanes: readonly Lane[],
    readonly share: 'source' | 'lanes',
  ) {
    for (const lane of lanes) {
      this.count.set(lane, 0);
      this.read.set(lane, new Set());
    }
  }

  grow(): void {
    for (const [lane, count] of this.count) this.count.set(lane, count + 3);
  }

  /** The instance does something under the lease that it believes to have. */
  acts(instance: Instance, lane: Lane, generation: bigint, what: string): void {
    const newest = this.#newest.get(lane);
    const stale =
      newest && (generation < newest.generation || (generation === newest.generation && instance !== newest.instance));
    if (stale) this.violations.push(`${what} ${lane} with ${generation >> 64n} after ${newest.generation >> 64n}`);
    this.#newest.set(lane, { generation, instance });
  }
}

/** One instance: reads what it is given as a pipeline does, and is opened anew when its session fails. */
class Instance {
  readonly process: SimulatedProcess;
  readonly source: Source<Numbered>;
  over = false;
  session: SourceSession<Numbered> | undefined;
  #abort = new AbortController();

  constructor(private readonly service: Service) {
    this.process = new SimulatedProcess(service.world);
    const { lease, clock } = this.process;
    const options = { lease, share: service.share, ttlMs: TTL_MS, pollMs: 100, graceMs: 300 };
    this.source = sharedBy(this.#inner(), options, clock);
    void this.#run();
  }

  async leave(): Promise<void> {
    this.over = true;
    this.#abort.abort();
    await this.session?.[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    while (!this.over) {
      try {
        await this.#open();
      } catch {
        // As a pipeline does: opened anew after a pause.
      }
      this.#abort.abort();
      this.#abort = new AbortController();
      await this.session?.[Symbol.asyncDispose]();
      await this.process.turn(20);
    }
  }

  async #open(): Promise<void> {
    const { checkpoints: store } = this.service;
    const checkpoints = new Map<Lane, Checkpoint | null>();
    const refresh = async () => {
      for (const { lane, checkpoint } of await store.load('p')) checkpoints.set(lane, checkpoint);
    };
    await refresh();
    const { signal } = this.#abort;
    const context = { pipeline: 'p', checkpoints, refresh, maxBatchBytes: 1_000, signal, notice: () => undefined };
    const session = await this.source.open(context);
    this.session = session;
    if (this.over) return;
    for await (const reader of session.lanes()) {
      const { fence } = await store.acquire('p', 's', reader.lane, 'me');
      const now = (await store.load('p')).find(({ lane }) => lane === reader.lane)?.checkpoint ?? null;
      const known = checkpoints.get(reader.lane) ?? null;
      const moved =
        now === null || known === null ? now !== known : comparePositions(now.position, known.position) !== 0;
      if (moved) throw new Error('CHECKPOINT_MOVED');
      this.#read(reader, fence).catch(() => this.#abort.abort());
    }
  }

  async #read(reader: LaneReader<Numbered>, fence: bigint): Promise<void> {
    let stopped = false;
    void reader.revoked.then(async ({ done }) => {
      stopped = true;
      await this.process.turn(this.service.world.random() * 200);
      done();
    });
    for await (const frame of reader.frames()) {
      if (stopped) return;
      this.service.acts(this, reader.lane, reader.generation, 'reads');
      if (frame.kind === 'batch')
        for (const { data } of frame.events) this.service.read.get(reader.lane)?.add(data?.n ?? -1);
      await this.process.turn(this.service.world.random() * 50);
      const checkpoint = { position: frame.position, identity: 'many' };
      const saved = await this.service.checkpoints.save([
        { pipeline: 'p', sink: 's', lane: reader.lane, fence, checkpoint },
      ]);
      if (saved === 'fenced') return;
      // Between the save and what follows from it the process may stop, too.
      await this.process.turn(this.service.world.random() * 50);
      this.confirming = reader.generation;
      await reader.confirm(frame.position);
    }
  }

  confirming = 0n;

  #inner(): Source<Numbered> {
    const { service } = this;
    return {
      name: 'many',
      features: { ack: 'cumulative', replayable: true },
      open: async ({ checkpoints, signal }) => {
        await this.process.turn(10);
        const closed = new AbortController();
        const over = AbortSignal.any([signal, closed.signal]);
        const readers = service.lanes.map((lane) =>
          this.#innerReader(lane, place(checkpoints.get(lane)?.position), over),
        );
        const forever = new Promise<void>((resolve) => over.addEventListener('abort', () => resolve()));
        return {
          identity: 'many',
          async *lanes() {
            yield* readers;
            if (!over.aborted) await forever;
          },
          head: async () => new Map(),
          [Symbol.asyncDispose]: async () => closed.abort(),
        };
      },
    };
  }

  #innerReader(lane: Lane, from: number, over: AbortSignal): LaneReader<Numbered> {
    const { service, process } = this;
    async function* frames(): AsyncGenerator<Frame<Numbered>> {
      for (let next = from; ; ) {
        await process.turn(10);
        if (over.aborted) return;
        if (next >= (service.count.get(lane) ?? 0)) continue;
        next += 1;
        yield { kind: 'batch', events: [numbered(lane, next - 1)], bytes: 1, position: at(next) };
      }
    }
    return {
      lane,
      generation: 1n,
      frames,
      confirm: async () => this.service.acts(this, lane, this.confirming, 'confirms'),
      revoked: new Promise(() => {}),
    };
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 10, max: 700 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('grow' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('freeze' as const, 'thaw' as const), which: fc.nat(5) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('stop for long' as const),
      which: fc.nat(5),
      ms: fc.integer({ min: 500, max: 4_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'crash' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('store down' as const, 'store up' as const) }) },
);

for (const share of ['lanes', 'source'] as const) {
  test(`whoever freezes, crashes, comes or goes: no lane is read or confirmed under a stale lease, nothing is lost, and all is shared out in the end (${share})`, {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.nat(), async (steps, seed) => {
        const world = new World(seed);
        const service = new Service(world, ['a', 'b', 'c', 'd', 'e'], share);
        const instances = [new Instance(service), new Instance(service)];
        const living = () => instances.filter(({ over }) => !over);
        for (const one of steps) {
          const instance = 'which' in one ? living()[one.which % Math.max(1, living().length)] : undefined;
          if (one.do === 'pass') await world.advance(one.ms);
          else if (one.do === 'grow') service.grow();
          else if (one.do === 'join' && living().length < 4) instances.push(new Instance(service));
          else if (one.do === 'store down') world.storeDown = true;
          else if (one.do === 'store up') world.storeDown = false;
          else if (one.do === 'freeze' && instance) instance.process.frozen = true;
          else if (one.do === 'stop for long' && instance) {
            // Events come all the time, so that it is in the middle of something when it stops and when it wakes.
            service.grow();
            await world.advance(30);
            instance.process.frozen = true;
            await world.advance(one.ms);
            service.grow();
            await instance.process.thaw();
          } else if (one.do === 'thaw') await instance?.process.thaw();
          else if (one.do === 'leave' && instance?.process.frozen === false) void instance.leave();
          else if (one.do === 'crash' && instance) {
            instance.over = true;
            instance.process.frozen = true;
          }
          await world.advance(1);
        }
        world.storeDown = false;
        if (living().length === 0) instances.push(new Instance(service));
        for (const { process } of living()) await process.thaw();
        service.grow();
        await world.advance(12_000);
        expect(service.violations).toEqual([]);
        for (const [lane, count] of service.count) expect(service.read.get(lane)?.size, `read of ${lane}`).toBe(count);
        const held = (await world.store.holders(share === 'lanes' ? 'p/many/lanes/' : 'p/many/source')).map(
          ({ owner }) => owner,
        );
        if (share === 'lanes') {
          const counts = [...new Set(held)].map((owner) => held.filter((other) => other === owner).length);
          expect(held).toHaveLength(5);
          expect(counts).toHaveLength(Math.min(5, living().length));
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        } else expect(held).toHaveLength(1);
        for (const instance of living()) void instance.leave();
        await world.advance(2_000);
        expect(await world.store.holders('')).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
}
