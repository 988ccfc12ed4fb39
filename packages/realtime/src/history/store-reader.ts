import { ComponentError } from '@sluice/contracts';
import { frameWith } from '../frame/numbered-frame.js';
import { within } from '../handshake/deadline.js';
import type { HubCounters } from '../hub/stats.js';
import type { ChannelHistory, RecordedMessage } from './channel-history.js';
import { toOffset } from './offset.js';
import type { HistoryLimits } from './options.js';
import { Turns } from './turns.js';

/** A page of a history: checked, and encoded as it is sent. */
export type Page = readonly { readonly offset: number; readonly frame: Buffer }[];

/**
 * Reads a durable history: so many requests at once, what it returns is checked, and what it throws is counted, told, and thrown on as
 * `REALTIME_HISTORY_FAILED`.
 */
export class StoreReader {
  private readonly store: ChannelHistory;
  private readonly limits: HistoryLimits;
  private readonly counters: HubCounters;
  private readonly onError: ((error: ComponentError) => void) | undefined;
  private readonly turns: Turns;
  private known: Promise<string> | undefined;

  constructor(
    store: ChannelHistory,
    limits: HistoryLimits,
    counters: HubCounters,
    onError: ((error: ComponentError) => void) | undefined,
  ) {
    this.store = store;
    this.limits = limits;
    this.counters = counters;
    this.onError = onError;
    this.turns = new Turns(limits.maxReads);
  }

  /** Asked until it is known, then kept. */
  epoch(until?: number): Promise<string> {
    this.known ??= this.ask('', () => this.store.epoch(), until).catch((error) => {
      this.known = undefined;
      throw error;
    });
    return this.known;
  }

  /** `undefined` when the store does not tell. */
  async head(channel: string, until?: number): Promise<number | undefined> {
    const { store } = this;
    if (store.head === undefined) return undefined;
    return this.ask(channel, async () => toOffset((await store.head?.(channel)) ?? 0, 0), until);
  }

  /** `null`: the history no longer reaches back so far. */
  read(channel: string, after: number, limit = this.limits.pageSize, until?: number): Promise<Page | null> {
    return this.ask(
      channel,
      async () => {
        const page = await this.store.read(channel, after, limit);
        return page === null ? null : encoded(page, after);
      },
      until,
    );
  }

  /** `until`: nobody waits for the answer after that, by `performance.now`. */
  private async ask<T>(channel: string, request: () => Promise<T>, until?: number): Promise<T> {
    const { readTimeoutMs } = this.limits;
    try {
      return await this.turns.run(async () => {
        const answer = await within(
          readTimeoutMs,
          request().then((value) => ({ value })),
        );
        if (answer === 'timeout') throw new Error(`no answer within ${readTimeoutMs} ms`);
        return answer.value;
      }, until);
    } catch (cause) {
      const error = new ComponentError('REALTIME_HISTORY_FAILED', 'the history of a channel could not be read', {
        cause,
        details: { channel },
      });
      this.counters.historyFailures += 1;
      this.onError?.(error);
      throw error;
    }
  }
}

/** What comes twice or out of order would send a reader round in circles. */
function encoded(page: readonly RecordedMessage[], after: number): Page {
  let last = after;
  return page.map(({ offset: given, message }) => {
    const offset = toOffset(given);
    if (offset <= last) throw new Error(`the history returned offset ${offset} after ${last}`);
    last = offset;
    return { offset, frame: frameWith(message, `"offset":${offset}`) };
  });
}
