import { type Envelope, type Headers, SUPERSEDED } from '@sluice/contracts';
import type { Change, UpdateChange } from './change.js';
import { keyOfRow } from './key-of-row.js';
import { StreamOrigin } from './stream-origin.js';

/** Headers of a transaction that a snapshot before it may contain. */
export const SUPERSEDED_HEADERS: Headers = Object.freeze({ [SUPERSEDED]: 'true' });

/** Above so many keys, every key counts as one that was given up. */
const MAX_KEYS = 100_000;

/**
 * What a stream repeats of a snapshot that is newer than its beginning, looked through batch by batch until that is over.
 *
 * The mark of a change says that it may be let go when its row is not there. That would lose a row in one case: when it moved
 * to a key that another row had given up. The snapshot has it under that key, the repetition of the giving up deletes it
 * there, and the move finds it nowhere. So such a move takes the mark back.
 */
export class Repetition {
  readonly #givenUp = new Set<string>();

  /** Looks through the events of a batch, and puts others in their place where needed. */
  check(events: Envelope<Change>[]): void {
    for (const [index, event] of events.entries()) {
      const { data: change } = event;
      if (event.headers[SUPERSEDED] !== 'true' || change === null) continue;
      if (change.op === 'delete') this.#giveUp(change.table, event.key);
      if (change.op !== 'update') continue;
      const oldKey = oldKeyOf(change, event);
      if (oldKey === undefined || oldKey === event.key) continue;
      if (this.#wasGivenUp(change.table, event.key)) {
        events[index] = event.with<Change>(change, { headers: { [SUPERSEDED]: 'false' } });
      }
      this.#giveUp(change.table, oldKey);
    }
  }

  #giveUp(table: string, key: string | undefined): void {
    if (this.#givenUp.size < MAX_KEYS) this.#givenUp.add(`${table}\0${key}`);
  }

  #wasGivenUp(table: string, key: string | undefined): boolean {
    return this.#givenUp.size >= MAX_KEYS || this.#givenUp.has(`${table}\0${key}`);
  }
}

function oldKeyOf({ before }: UpdateChange, { origin }: Envelope<Change>): string | undefined {
  if (before === null || !(origin instanceof StreamOrigin)) return undefined;
  return keyOfRow(before as Readonly<Record<string, unknown>>, origin.keyColumns);
}
