import { Envelope, type EventOrigin, type Position, paddedPosition } from '@sluice/contracts';
import { hash } from '../random/random.js';

/** What every event of a run carries. */
export interface Item {
  readonly lane: string;
  readonly n: number;
}

/** One event as a sink has applied it. */
export interface Applied {
  readonly id: string;
  readonly item: Item;
  readonly key: string | undefined;
  /** The number of the instance. */
  readonly by: number;
}

const KEYS = 7;

/** A key stays in its lane; versions grow along the lane. */
const origin: EventOrigin = {
  source: '/soak',
  type: () => 'soak.item',
  id: (_, record) => `${(record as Item).lane}-${(record as Item).n}`,
  key: (_, record) => keyOfItem(record as Item),
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal + 1) }),
  headers: () => ({}),
};

export const eventOf = (item: Item): Envelope<Item> => new Envelope(item, origin, item.n);

export function keyOfItem({ lane, n }: Item): string | undefined {
  return n % 11 === 10 ? undefined : `${lane}/${n % KEYS}`;
}

export const placeOf = (position: Position | undefined): number => Number.parseInt(position?.resume ?? '0', 16);
export const positionAt = (count: number): Position => ({ resume: paddedPosition(count), within: 0 });

/** How many events each lane has, which of them nobody can process, and what was promised about them. */
export class World {
  readonly violations: string[] = [];
  /** By sink. */
  readonly applied = new Map<string, Applied[]>();
  readonly committed = new Map<string, number>();
  readonly acked = new Set<string>();
  /** Nothing breaks any more: what is left to do must now get done. */
  calm = false;
  /** How often the source was opened. */
  openings = 0;
  /** Poison is harmless from now on. */
  healed = false;

  constructor(
    readonly lanes: ReadonlyMap<string, number>,
    readonly sinks: readonly string[],
    private readonly poisonSeed: string,
    private readonly poisonOneIn: number,
    /** Whether the operators let the event through. */
    readonly wanted: (item: Item) => boolean,
    /** Whether the dead letters of the sink hold the event. */
    private readonly buried: (sink: string, id: string) => boolean,
  ) {
    for (const sink of sinks) this.applied.set(sink, []);
  }

  poisoned({ lane, n }: Item, where: string): boolean {
    if (this.healed || this.poisonOneIn === 0) return false;
    return hash(`${this.poisonSeed}/${where}/${lane}/${n}`) % this.poisonOneIn === 0;
  }

  /** Every event of every lane, in order. */
  *items(): Generator<Item> {
    for (const [lane, count] of this.lanes) for (let n = 0; n < count; n++) yield { lane, n };
  }

  /** The source is told that it may forget everything of the lane before `upTo`: all of that must be durable by now. */
  confirm(lane: string, upTo: number): void {
    const before = this.committed.get(lane) ?? 0;
    if (upTo < before) this.violations.push(`lane ${lane} was confirmed backwards, from ${before} to ${upTo}`);
    for (let n = before; n < upTo; n++) this.mustBeDurable({ lane, n }, 'confirmed');
    this.committed.set(lane, Math.max(before, upTo));
  }

  /** The source is told that it may forget this event. */
  ack(item: Item): void {
    this.mustBeDurable(item, 'acked');
    this.acked.add(`${item.lane}-${item.n}`);
  }

  private mustBeDurable(item: Item, what: string): void {
    if (!this.wanted(item)) return;
    const id = `${item.lane}-${item.n}`;
    for (const sink of this.sinks) {
      if (this.has(sink, id) || this.buried(sink, id)) continue;
      this.violations.push(`${id} was ${what} and is not in ${sink}`);
    }
  }

  has(sink: string, id: string): boolean {
    return this.#index(sink).has(id);
  }

  readonly #ids = new Map<string, Set<string>>();

  #index(sink: string): Set<string> {
    let ids = this.#ids.get(sink);
    if (ids === undefined) {
      ids = new Set();
      this.#ids.set(sink, ids);
    }
    return ids;
  }

  apply(sink: string, events: readonly Envelope<Item>[], by: number): void {
    const list = this.applied.get(sink) as Applied[];
    const ids = this.#index(sink);
    for (const event of events) {
      list.push({ id: event.id, item: event.data as Item, key: event.key, by });
      ids.add(event.id);
    }
  }
}
