import { randomUUID } from 'node:crypto';
import { ComponentError } from '@sluice/contracts';
import type { HubCounters } from '../hub/stats.js';
import { HistoryMemory } from './memory.js';
import { toOffset } from './offset.js';
import type { HistoryLimits, HistoryOptions } from './options.js';
import { StoreReader } from './store-reader.js';

/** {@link HistoryOptions} with the defaults filled in. */
export type ResolvedHistory = Omit<HistoryOptions, keyof HistoryLimits> & { readonly limits: HistoryLimits };

/**
 * What one hub knows of the past: the memory of its channels, the store behind it, and how messages are numbered.
 *
 * With a store or an `epoch` the publisher numbers them. Otherwise the hub does, by one counter for all channels, so that a channel that
 * was forgotten and comes back never gives an offset twice, and its epoch ends with the hub.
 */
export class History {
  readonly memory: HistoryMemory;
  readonly store: StoreReader | undefined;
  readonly limits: HistoryLimits;
  /** Whether the hub gives the offsets. */
  readonly numbersItself: boolean;
  /** The last offset that the hub gave. */
  last = 0;
  private readonly ownEpoch: string | undefined;

  constructor({ limits, store, epoch, onError }: ResolvedHistory, counters: HubCounters) {
    this.limits = limits;
    this.memory = new HistoryMemory(limits);
    this.store = store === undefined ? undefined : new StoreReader(store, limits, counters, onError);
    this.numbersItself = store === undefined && epoch === undefined;
    this.ownEpoch = epoch ?? (this.numbersItself ? randomUUID() : undefined);
  }

  /** `until`: nobody waits for it after that. */
  epoch(until?: number): Promise<string> {
    return this.ownEpoch === undefined && this.store !== undefined
      ? this.store.epoch(until)
      : Promise.resolve(this.ownEpoch as string);
  }

  /** The offset of the next message. Throws `REALTIME_OFFSET_INVALID` when the wrong side gives it. */
  number(given: number | bigint | undefined): number {
    if (this.numbersItself && given === undefined) {
      this.last += 1;
      return this.last;
    }
    if (!this.numbersItself && given !== undefined) return toOffset(given);
    throw new ComponentError(
      'REALTIME_OFFSET_INVALID',
      given === undefined
        ? 'a message has no offset'
        : 'a message has an offset, but the hub numbers its messages itself',
    );
  }
}
