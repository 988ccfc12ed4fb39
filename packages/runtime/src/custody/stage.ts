import type { Delivery } from '../delivery/delivery.js';

type Held = Delivery<unknown>;

/**
 * The deliveries that one stage of a pipeline holds, in the order in which they came.
 *
 * A linked list through the deliveries themselves: a delivery made from another takes its place, so the order survives
 * mapping, cutting and joining, and every step costs a few writes.
 */
export class Stage {
  first: Held | undefined;
  last: Held | undefined;
  held = 0;
  /** The oldest one when custody last looked, and since when it has been that. */
  oldest: Held | undefined;
  oldestSince = 0;

  constructor(
    readonly name: string,
    /** Whether holding deliveries back is what the stage is for (batchBy). */
    readonly holds: boolean,
    /** How long it may keep a delivery, in milliseconds, where it has a limit of its own. */
    readonly keepsAtMostMs?: number,
  ) {}

  append(delivery: Held): void {
    this.#link(delivery, this.last, undefined);
  }

  insertAfter(before: Held, delivery: Held): void {
    this.#link(delivery, before, before.next);
  }

  replace(old: Held, made: Held): void {
    const { previous, next } = old;
    made.stage = this;
    made.previous = previous;
    made.next = next;
    if (previous) previous.next = made;
    else this.first = made;
    if (next) next.previous = made;
    else this.last = made;
    old.stage = undefined;
    old.previous = undefined;
    old.next = undefined;
  }

  remove(delivery: Held): void {
    if (delivery.stage !== this) return;
    if (delivery.previous) delivery.previous.next = delivery.next;
    else this.first = delivery.next;
    if (delivery.next) delivery.next.previous = delivery.previous;
    else this.last = delivery.previous;
    delivery.previous = undefined;
    delivery.next = undefined;
    delivery.stage = undefined;
    this.held -= 1;
  }

  #link(delivery: Held, previous: Held | undefined, next: Held | undefined): void {
    delivery.stage = this;
    delivery.previous = previous;
    delivery.next = next;
    if (previous) previous.next = delivery;
    else this.first = delivery;
    if (next) next.previous = delivery;
    else this.last = delivery;
    this.held += 1;
  }
}
