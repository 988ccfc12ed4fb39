import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Credits } from '../src/credits/credits.js';
import { Custody } from '../src/custody/custody.js';
import { Delivery } from '../src/delivery/delivery.js';
import { Flow } from '../src/delivery/flow.js';
import { type Entry, Ledger } from '../src/settlement/ledger.js';
import { type Numbered, numbered } from './support/events.js';

/**
 * A pipeline's insides under random handling: batches arrive, deliveries are mapped, cut, joined, filtered, diverted and
 * settled in any order. Beside them runs a model that knows of each event whether it is done.
 */
class Handling {
  readonly done = new Set<number>();
  readonly live: Delivery<Numbered>[] = [];
  readonly diverted: { entries: readonly Entry[]; events: readonly number[] }[] = [];
  readonly credits = new Credits(2_000, 50);
  readonly custody = new Custody([{ name: 'sink', holds: true }], true);
  readonly ledger: Ledger;
  readonly flow: Flow;
  arrived = 0;
  confirmed = 0;
  advancedBeyondDone = false;

  constructor() {
    this.ledger = new Ledger(
      {
        released: (entry) => {
          if (entry.events > 0) this.credits.giveBack(entry.bytes);
        },
        advanced: (position) => {
          this.confirmed = Number.parseInt(position.resume, 10);
        },
        narrowed: () => {},
      },
      undefined,
    );
    this.flow = new Flow(
      (_, entries, failures) => {
        this.diverted.push({ entries, events: failures.map(({ event }) => (event.data as Numbered).n) });
      },
      () => false,
      true,
    );
  }

  arrive(count: number): void {
    if (!this.credits.available) return;
    const events = Array.from({ length: count }, (_, n) => numbered('lane', this.arrived + n));
    this.arrived += count;
    const bytes = count * 10;
    this.credits.take(bytes);
    const position = { resume: String(this.arrived).padStart(12, '0'), within: 0 };
    const delivery = new Delivery(
      events,
      'lane',
      bytes,
      this.flow,
      [this.ledger.append(position, count, bytes)],
      undefined,
    );
    this.custody.receive(delivery);
    this.live.push(delivery);
  }

  take(at: number): Delivery<Numbered> | undefined {
    return this.live.length === 0 ? undefined : this.live.splice(at % this.live.length, 1)[0];
  }

  finish(events: Iterable<number>): void {
    for (const n of events) this.done.add(n);
  }

  /** The promise: nothing below the confirmed position is undone. */
  check(): void {
    for (let n = 0; n < this.confirmed; n++) expect(this.done.has(n), `event ${n} below ${this.confirmed}`).toBe(true);
    expect(this.credits.bytes).toBeLessThanOrEqual(2_000 + 200);
  }
}

const numbersOf = (delivery: Delivery<Numbered>) => delivery.events.map(({ data }) => (data as Numbered).n);

const step = fc.oneof(
  fc.record({ do: fc.constant('arrive' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constantFrom('settle', 'map', 'unbury', 'progress'), at: fc.nat() }),
  fc.record({
    do: fc.constantFrom('split', 'merge', 'divert', 'filter'),
    at: fc.nat(),
    n: fc.integer({ min: 1, max: 5 }),
  }),
);

interface Action {
  readonly do: string;
  readonly at?: number;
  readonly n?: number;
  readonly count?: number;
}

/** What may be done with one delivery; answers with what comes of it. */
const handlings: Record<string, (world: Handling, delivery: Delivery<Numbered>, n: number) => Delivery<Numbered>[]> = {
  settle(world, delivery) {
    world.finish(numbersOf(delivery));
    delivery.settle();
    return [];
  },
  map: (_, delivery) => [delivery.with(delivery.events)],
  split: (_, delivery, n) =>
    delivery.split(Array.from({ length: n }, (_, p) => ({ events: delivery.events.filter((_, i) => i % n === p) }))),
  filter(world, delivery, n) {
    world.finish(numbersOf(delivery).slice(0, n));
    return [delivery.with(delivery.events.slice(n))];
  },
  divert(_, delivery, n) {
    delivery.divert(delivery.events.slice(0, n).map((event) => ({ event, cause: new Error('poison') })));
    return [delivery.with(delivery.events.slice(n))];
  },
};

function apply(world: Handling, action: Action): void {
  const { at = 0, n = 1, count = 1 } = action;
  if (action.do === 'arrive') world.arrive(count);
  else if (action.do === 'progress') {
    world.ledger.progress({ resume: String(world.arrived).padStart(12, '0'), within: 0 });
  } else if (action.do === 'unbury') {
    const [buried] = world.diverted.splice(at % Math.max(1, world.diverted.length), 1);
    if (buried) world.finish(buried.events);
    if (buried) world.flow.release(buried.entries);
  } else if (action.do === 'merge') {
    const some = world.live.splice(at % Math.max(1, world.live.length), n);
    if (some.length > 0) world.live.push(Delivery.merge(some));
  } else {
    const delivery = world.take(at);
    if (delivery) world.live.push(...(handlings[action.do]?.(world, delivery, n) ?? []));
  }
}

test('whatever is mapped, cut, joined, dropped, diverted and settled, the confirmed position never passes an unsettled event', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (actions) => {
      const world = new Handling();
      for (const action of actions) {
        apply(world, action);
        world.check();
      }
      while (world.diverted.length > 0) apply(world, { do: 'unbury' });
      while (world.live.length > 0) apply(world, { do: 'settle' });
      world.check();
      expect(world.confirmed).toBe(world.arrived);
      expect([world.credits.bytes, world.credits.batches, world.ledger.length]).toEqual([0, 0, 0]);
      expect(world.custody.report()).toEqual([{ name: 'sink', held: 0 }]);
    }),
    { numRuns: 500 },
  );
});

test('after a lane was given up, late settlements change nothing, and its credits are back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (actions) => {
      const world = new Handling();
      for (const action of actions) apply(world, action);
      const confirmed = world.confirmed;
      world.ledger.abandon();
      expect([world.credits.bytes, world.credits.batches]).toEqual([0, 0]);
      while (world.diverted.length > 0) apply(world, { do: 'unbury' });
      while (world.live.length > 0) apply(world, { do: 'settle' });
      expect(world.confirmed).toBe(confirmed);
      expect([world.credits.bytes, world.credits.batches]).toEqual([0, 0]);
    }),
  );
});

test('a delivery that is used twice is an error', () => {
  const world = new Handling();
  world.arrive(3);
  const delivery = world.take(0) as Delivery<Numbered>;
  delivery.with(delivery.events);
  for (const again of [
    () => delivery.settle(),
    () => delivery.with([]),
    () => delivery.split([]),
    () => delivery.divert([{ event: numbered('lane', 0), cause: 1 }]),
  ]) {
    expect(again).toThrow(/PIPELINE_DELIVERY_REUSED/);
  }
});
