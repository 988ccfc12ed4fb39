import type { Hub } from '@sluice/realtime';
import type { ActivityTable, RecordedActivity } from './activity-table.js';
import { documentChannel, LIST_CHANNEL } from './channels.js';

const PAGE = 500;

/**
 * Pushes what is in the table to the clients, in the order of offsets, each event once and none left out.
 *
 * What was just written is pushed as it is when it follows what was pushed last; otherwise, as after a write whose answer was lost, what
 * lies between is read from the table first.
 */
export class ActivityFeed {
  readonly #table: ActivityTable;
  readonly #hub: Hub;
  /** Everything up to this offset was pushed, or was there before this process. */
  #pushed = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(table: ActivityTable, hub: Hub) {
    this.#table = table;
    this.#hub = hub;
  }

  /** Before the first client: what is in the table now is history. */
  async start(): Promise<void> {
    this.#pushed = await this.#table.head();
  }

  /** Pushes what was written; `last` is the offset before it. */
  push(recorded: readonly RecordedActivity[], last: number): Promise<void> {
    return this.#inTurn(async () => {
      if (last === this.#pushed) await this.#publish(recorded);
      else await this.#readOn();
    });
  }

  /** Pushes what is in the table and was not pushed yet. */
  catchUp(): Promise<void> {
    return this.#inTurn(() => this.#readOn());
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const page = await this.#table.after(this.#pushed, PAGE);
      await this.#publish(page);
      if (page.length < PAGE) return;
    }
  }

  async #publish(events: readonly RecordedActivity[]): Promise<void> {
    for (const { offset, documentId, message } of events) {
      this.#hub.publish([LIST_CHANNEL, documentChannel(documentId)], message, { offset });
      this.#pushed = offset;
    }
    if (events.length > 0) await this.#hub.flushed();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined); // told to whoever waits for that turn
    return turn;
  }
}
