import type { StateStore, StateValue } from '@sluice/contracts';
import type { Delivery } from '../delivery/delivery.js';
import type { Flow } from '../delivery/flow.js';
import type { Ledger } from '../settlement/ledger.js';
import { conflict } from './keyed.js';
import { readCounted } from './read-counted.js';
import { WindowStep } from './window-step.js';

/** A window of one key; times are milliseconds since 1970, the end left out. */
export interface Window {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** A window that is closed, and what was kept of it. */
export interface ClosedState {
  readonly window: Window;
  readonly value: StateValue;
  /** Its key in the store, and its revision there. */
  readonly name: string;
  readonly expected: bigint;
}

/** What the windows of a lane must know of the operator. */
export interface WindowSetting {
  readonly store: StateStore;
  readonly scope: string;
  readonly sizeMs: number;
  readonly allowedLatenessMs: number;
}

/** An event, and where it belongs. */
export interface Windowed {
  readonly key: string;
  readonly starts: readonly number[];
  readonly id: string;
}

/** Dates are at most so far from 1970, in milliseconds. */
const FARTHEST_MS = 8_640_000_000_000_000n;
/** Windows that are looked at in one go. */
const PAGE = 500;

/**
 * The windows of one lane in a store. Their names begin with the lane, then the end in digits of fixed length: so those that
 * close first come first in a scan, and none of them need be kept in memory. The lane's watermark stands before them all.
 */
export class LaneWindows {
  readonly ledger: Ledger | undefined;
  readonly #prefix: string;
  readonly #flow: Flow;
  /** No window in the store that is not leaving ends before. Unknown at first. */
  #earliestEnd = Number.NEGATIVE_INFINITY;
  /** Closed windows whose event is on its way. */
  readonly #leaving = new Set<string>();

  constructor(
    private readonly setting: WindowSetting,
    domain: string,
    delivery: Delivery<unknown>,
  ) {
    this.ledger = delivery.entries[0]?.ledger;
    this.#flow = delivery.flow;
    this.#prefix = `${encodeURIComponent(domain)}|`;
  }

  /** Reads what the events of a delivery need. */
  async begin(events: readonly Windowed[]): Promise<WindowStep> {
    const { store, scope } = this.setting;
    const names = new Set([this.#prefix]);
    for (const { key, starts } of events) for (const start of starts) names.add(this.#nameOf(key, start));
    const ids = [...new Set(events.map(({ id }) => id))];
    const { seen, entries } = await this.#flow.persist(() => readCounted(store, scope, { ids, keys: [...names] }));
    const nameOf = (key: string, start: number) => this.#nameOf(key, start);
    return new WindowStep(this.setting, { watermarkName: this.#prefix, nameOf, entries, seen });
  }

  /** Writes what the delivery has changed; answers with the windows that are closed now, by end and key. */
  async end(step: WindowStep): Promise<readonly ClosedState[]> {
    const { store, scope, allowedLatenessMs } = this.setting;
    const { change } = step;
    if (change.writes.length > 0 && (await this.#flow.persist(() => store.write(scope, change))) === 'conflict') {
      throw conflict('windowEvents', scope);
    }
    this.#earliestEnd = Math.min(this.#earliestEnd, step.earliestEnd);
    const closedEnd = step.watermark - allowedLatenessMs;
    return this.#earliestEnd <= closedEnd ? this.#close(closedEnd) : [];
  }

  /** Their events are durable: they are no longer needed. */
  async remove(closed: readonly ClosedState[]): Promise<void> {
    const { store, scope } = this.setting;
    const removal = (of: readonly ClosedState[]) =>
      store.write(scope, { writes: of.map(({ name, expected }) => ({ key: name, value: undefined, expected })) });
    if ((await removal(closed)) === 'conflict') {
      // An attempt whose answer was lost may have removed them; else they are somebody else's now.
      const there = await store.read(
        scope,
        closed.map(({ name }) => name),
      );
      const left = closed.filter(({ name }) => there.has(name));
      if (left.length > 0 && (await removal(left)) === 'conflict') throw conflict('windowEvents', scope);
    }
    for (const { name } of closed) this.#leaving.delete(name);
  }

  async #close(closedEnd: number): Promise<readonly ClosedState[]> {
    const { store, scope } = this.setting;
    const closed: ClosedState[] = [];
    this.#earliestEnd = Number.POSITIVE_INFINITY;
    for (let after = this.#prefix; ; ) {
      // A window that is removed while the store is asked may still be in the answer.
      const left = new Set(this.#leaving);
      const page = await this.#flow.persist(() => store.scan(scope, { after, limit: PAGE }));
      for (const { key: name, entry } of page) {
        if (!name.startsWith(this.#prefix)) return this.#leave(closed);
        const window = this.#windowOf(name);
        if (window.end > closedEnd) {
          this.#earliestEnd = window.end;
          return this.#leave(closed);
        }
        if (!left.has(name)) closed.push({ window, value: entry.value, name, expected: entry.revision });
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return this.#leave(closed);
      after = last.key;
    }
  }

  #leave(closed: readonly ClosedState[]): readonly ClosedState[] {
    for (const { name } of closed) this.#leaving.add(name);
    return closed;
  }

  #nameOf(key: string, start: number): string {
    const end = BigInt(start + this.setting.sizeMs) + FARTHEST_MS;
    return `${this.#prefix}${end.toString().padStart(17, '0')}|${key}`;
  }

  #windowOf(name: string): Window {
    const at = this.#prefix.length;
    const end = Number(BigInt(name.slice(at, at + 17)) - FARTHEST_MS);
    return { key: name.slice(at + 18), start: end - this.setting.sizeMs, end };
  }
}
