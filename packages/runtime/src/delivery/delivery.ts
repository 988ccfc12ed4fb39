import { ComponentError, type Envelope, type Lane } from '@sluice/contracts';
import type { Stage } from '../custody/stage.js';
import { withFollowers, withoutThoseOf } from '../dead-letters/followers.js';
import type { Entry } from '../settlement/ledger.js';
import type { Flow } from './flow.js';

/** An event that an operator could not process. */
export interface Failure {
  readonly event: Envelope<unknown>;
  readonly cause: unknown;
}

/**
 * A batch of events on its way through a pipeline: the unit that operators receive and emit.
 *
 * A delivery is used once: passed on as it is, turned into another (`with`), cut (`split`), joined (`merge`) or `settle`d.
 * The source batch that it came from is settled when everything that was made of it is. Using a delivery twice is the error
 * `PIPELINE_DELIVERY_REUSED`.
 */
export class Delivery<T> {
  /** @internal */ stage: Stage | undefined;
  /** @internal */ previous: Delivery<unknown> | undefined;
  /** @internal */ next: Delivery<unknown> | undefined;
  /** @internal */ spent = false;
  /** Events that follow one of their key that was diverted: what is made of them goes no further. */
  #followers: readonly Envelope<unknown>[] | undefined;

  /** @internal Deliveries are made by the runtime, and from each other. */
  constructor(
    readonly events: readonly Envelope<T>[],
    readonly lane: Lane,
    /** The share of the source batch's bytes that is still in these events, about. */
    readonly bytes: number,
    /** @internal */ readonly flow: Flow,
    /** @internal */ readonly entries: readonly Entry[],
    /** Set by `partitionByKey`: deliveries of different partitions have no key in common. */
    readonly partition: number | undefined,
  ) {}

  /** @internal Whether its lane was taken away while it was on its way. */
  get stale(): boolean {
    for (const entry of this.entries) if (entry.ledger.abandoned) return true;
    return false;
  }

  /** The same delivery with other events. */
  with<U>(events: readonly Envelope<U>[]): Delivery<U> {
    this.#spend();
    const kept = this.#followers === undefined ? events : withoutThoseOf(events, this.#followers);
    const made = new Delivery<U>(kept, this.lane, this.bytes, this.flow, this.entries, this.partition);
    this.stage?.replace(this, made);
    return made;
  }

  /**
   * Cuts the delivery. It counts as settled when all parts are. Parts must be given in the order in which they are to be
   * emitted; with no parts at all the delivery is settled.
   */
  split<U>(parts: readonly { readonly events: readonly Envelope<U>[]; readonly partition?: number }[]): Delivery<U>[] {
    if (parts.length === 0) {
      this.settle();
      return [];
    }
    this.#spend();
    for (const entry of this.entries) entry.open += parts.length - 1;
    const share = this.bytes / parts.length;
    const gone = this.#followers;
    const made = parts.map(
      (part) =>
        new Delivery<U>(
          gone === undefined ? part.events : withoutThoseOf(part.events, gone),
          this.lane,
          share,
          this.flow,
          this.entries,
          part.partition ?? this.partition,
        ),
    );
    let before: Delivery<unknown> = this;
    for (const part of made) {
      before.stage?.insertAfter(before, part);
      before = part;
    }
    this.stage?.remove(this);
    return made;
  }

  /**
   * Joins deliveries of one lane, in order, into one; all of them count as settled when it is. Those whose lane was taken
   * away in the meantime are left out: its new owner reads them again.
   *
   * @throws TypeError when there are none, or when their lanes or partitions differ.
   * @throws ComponentError `PIPELINE_DELIVERY_REORDERED` when one that is not among them came in between, and has a key in
   * common with an earlier one of them: joined with the last, that one would be overtaken.
   */
  static merge<T>(all: readonly Delivery<T>[]): Delivery<T> {
    const stale = all.filter((one) => one.stale);
    const deliveries = stale.length === all.length ? all : all.filter((one) => !one.stale);
    const last = deliveries.at(-1);
    if (last === undefined) throw new TypeError('Delivery.merge needs at least one delivery');
    if (
      deliveries.some((one) => one.lane !== last.lane || one.partition !== last.partition || one.flow !== last.flow)
    ) {
      throw new TypeError('Delivery.merge joins deliveries of one lane and partition only');
    }
    if (deliveries !== all) for (const one of stale) one.settle();
    if (deliveries.length === 1) return last;
    if (!last.flow.unordered) refuseOvertaken(deliveries, last);
    for (const one of deliveries) one.#spend();
    const made = new Delivery<T>(
      eventsOf(deliveries),
      last.lane,
      deliveries.reduce((sum, one) => sum + one.bytes, 0),
      last.flow,
      deliveries.flatMap((one) => one.entries),
      last.partition,
    );
    last.stage?.replace(last, made);
    for (const one of deliveries) if (one !== last) one.stage?.remove(one);
    return made;
  }

  /** Done with: nothing of it needs to reach the sink. */
  settle(): void {
    this.#spend();
    this.stage?.remove(this);
    this.flow.release(this.entries);
  }

  /**
   * Hands over events that can't be processed: to the dead letters where there are some, else the pipeline fails. They count
   * as part of this delivery until they are durable there. The delivery itself goes on with whatever you give to `with`; where
   * keys are parked, what is made of later events of the failed ones' keys is taken out of that.
   */
  divert(failures: readonly Failure[]): void {
    if (failures.length === 0) return;
    if (this.spent) throw reused(this);
    for (const entry of this.entries) entry.open += 1;
    const all = this.flow.parks ? withFollowers(this.events, failures) : failures;
    if (all.length > failures.length) {
      const failed = new Set(failures);
      const followers = all.filter((one) => !failed.has(one)).map(({ event }) => event);
      this.#followers = [...(this.#followers ?? []), ...followers];
    }
    this.flow.divert(this.lane, this.entries, all, this.stage?.name ?? 'none');
  }

  /**
   * Has `action` done once everything that was made of this delivery's source batches is durable, in the sink or among the
   * dead letters, and before they count as settled. It is tried again as the pipeline's retry policy has it, after which the
   * pipeline starts anew from its checkpoint; so it must bear repetition. It is not done when the lane is taken away.
   *
   * An atomic sink has stored its checkpoint by then: after a crash in between the events are not delivered again, and the
   * action is not done.
   */
  afterDurable(action: () => Promise<void>): void {
    if (this.spent) throw reused(this);
    this.flow.afterDurable(this.entries, action);
  }

  #spend(): void {
    if (this.spent) throw reused(this);
    this.spent = true;
  }
}

/** What is joined takes the place of the last: nothing with a key in common may stand between. */
function refuseOvertaken(deliveries: readonly Delivery<unknown>[], last: Delivery<unknown>): void {
  if (deliveries.every((one, at) => one === last || one.next === deliveries[at + 1])) return;
  const joined = new Set(deliveries);
  const before: Delivery<unknown>[] = [];
  for (let one = deliveries[0]; one !== undefined && one !== last; one = one.next) {
    if (joined.has(one)) {
      before.push(one);
      continue;
    }
    if (one.lane !== last.lane || (one.partition ?? last.partition) !== (last.partition ?? one.partition)) continue;
    const keys = new Set(eventsOf(before).map(({ key }) => key));
    if (!one.events.some(({ key }) => key !== undefined && keys.has(key))) continue;
    throw new ComponentError('PIPELINE_DELIVERY_REORDERED', 'deliveries were joined over one with a key in common', {
      details: { lane: last.lane, stage: last.stage?.name ?? 'none' },
    });
  }
}

/** The events of all of them, in order; those of a single one are not copied. */
export function eventsOf<T>(deliveries: readonly Delivery<T>[]): readonly Envelope<T>[] {
  const [only] = deliveries;
  if (only !== undefined && deliveries.length === 1) return only.events;
  let count = 0;
  for (const delivery of deliveries) count += delivery.events.length;
  const events = new Array<Envelope<T>>(count);
  let at = 0;
  for (const delivery of deliveries) for (const event of delivery.events) events[at++] = event;
  return events;
}

/** The error for a delivery that was passed on, mapped, cut, joined or settled before. */
export function reused(delivery: Delivery<unknown>): ComponentError {
  return new ComponentError('PIPELINE_DELIVERY_REUSED', `a delivery of lane ${delivery.lane} was used twice`, {
    details: { lane: delivery.lane, events: delivery.events.length, stage: delivery.stage?.name ?? 'none' },
  });
}
