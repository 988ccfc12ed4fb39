import {
  ComponentError,
  type DeadLetter,
  type DeadLetterAction,
  type DeadLetterFilter,
  type DeadLetterStore,
  type Envelope,
  type NewDeadLetter,
} from '@sluice/contracts';
import { keepingId } from './edited-event.js';

/** Dead letters of this process. */
export interface MemoryDeadLetters extends DeadLetterStore {
  /** All of them, oldest first. */
  readonly letters: readonly DeadLetter[];
}

/**
 * Keeps dead letters in memory: for tests, and for pipelines whose source can be read again. They are gone with the process.
 *
 * `capacity` (default 10,000) bounds it. When it is full, the oldest of those that were replayed or discarded make room; while
 * all are still open, `put` rejects with `DEAD_LETTERS_FULL` and the pipeline fails, so that none is dropped silently.
 *
 * @throws ComponentError `OPTIONS_INVALID` when `capacity` is not a whole number of at least 1.
 */
export function memoryDeadLetters(options: { readonly capacity?: number } = {}): MemoryDeadLetters {
  const capacity = options.capacity ?? 10_000;
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new ComponentError('OPTIONS_INVALID', 'memoryDeadLetters: `capacity` must be a whole number of at least 1');
  }
  const box = new LetterBox(capacity);
  const notes = new Map<string, Map<string, number>>();
  return {
    get letters() {
      return [...box.all()].map(({ letter }) => letter);
    },
    put: async (added) => box.put(added),
    list: async (filter) => box.find({ limit: 100, ...filter }).map(({ letter }) => letter),
    get: async (id) => box.get(id)?.letter,
    edit: async (id, event, by) => box.edit(id, event, by),
    request: async (filter, by) => box.request(filter, by),
    async discard(filter, by) {
      const found = box.find(filter, isOpen);
      for (const kept of found) box.move(kept, 'discarded', { by, action: 'discarded' });
      return found.length;
    },
    async resolve(outcomes, by) {
      for (const one of outcomes) {
        const kept = box.get(one.id);
        if (kept?.letter.status !== 'requested') continue;
        if (one.outcome === 'replayed') box.move(kept, 'replayed', { by, action: 'replayed' });
        else {
          const attempts = kept.letter.attempts + one.attempts;
          kept.letter = { ...kept.letter, cause: one.cause, attempts };
          box.move(kept, 'waiting', { by, action: 'failed', note: one.cause.code });
        }
      }
    },
    audit: async (id) => [...(box.get(id)?.actions ?? [])],
    async parkedKeys(pipeline, sink) {
      const parked = box.find({ pipeline, sink }).filter((kept) => kept.letter.parked && isOpen(kept));
      return new Set(parked.flatMap(({ letter }) => letter.event.key ?? []));
    },
    attempts: async (pipeline, sink) => new Map(notes.get(JSON.stringify([pipeline, sink]))),
    async noteAttempts(pipeline, sink, attempts) {
      const name = JSON.stringify([pipeline, sink]);
      const noted = notes.get(name) ?? new Map<string, number>();
      for (const [id, count] of attempts) {
        noted.delete(id);
        if (count > 0) noted.set(id, count);
      }
      for (const id of noted.keys()) if (noted.size > capacity) noted.delete(id);
      notes.set(name, noted);
    },
    prune: async (pipeline, before) => box.prune(pipeline, before),
    async [Symbol.asyncDispose]() {},
  };
}

interface Kept {
  letter: DeadLetter;
  /** Of the event that was put: an edit may give it another source. */
  readonly name: string;
  readonly actions: DeadLetterAction[];
}

class LetterBox {
  readonly #kept = new Map<string, Kept>();
  /** Those that wait or are requested, by their event. */
  readonly #open = new Map<string, Kept>();
  #last = 0;

  constructor(private readonly capacity: number) {}

  all(): Iterable<Kept> {
    return this.#kept.values();
  }

  get(id: string): Kept | undefined {
    return this.#kept.get(id);
  }

  put(letters: readonly NewDeadLetter[]): void {
    const fresh = new Set(letters.map(nameOf).filter((name) => !this.#open.has(name))).size;
    if (this.#open.size + fresh > this.capacity) {
      throw new ComponentError('DEAD_LETTERS_FULL', `the memory holds ${this.#open.size} of at most ${this.capacity}`, {
        details: { capacity: this.capacity },
      });
    }
    for (const letter of letters) this.#put(letter);
  }

  /** Those that are meant and that `fits`; only these count for the limit. */
  find({ pipeline, sink, ids, key, status, after, limit }: DeadLetterFilter, fits?: (kept: Kept) => boolean): Kept[] {
    const wanted = ids && new Set(ids);
    const found: Kept[] = [];
    for (const kept of this.#kept.values()) {
      const { letter } = kept;
      if (found.length >= (limit ?? Number.POSITIVE_INFINITY)) break;
      if (letter.pipeline !== pipeline || (sink !== undefined && letter.sink !== sink)) continue;
      if (wanted && !wanted.has(letter.id)) continue;
      if ((status !== undefined && letter.status !== status) || (key !== undefined && letter.event.key !== key))
        continue;
      if (after !== undefined && !isAfter(letter.id, after)) continue;
      if (fits && !fits(kept)) continue;
      found.push(kept);
    }
    return found;
  }

  edit(id: string, event: Envelope<unknown>, by: string): void {
    const kept = this.#kept.get(id);
    if (kept?.letter.status !== 'waiting') {
      throw new ComponentError('DEAD_LETTER_NOT_WAITING', `letter ${id} is ${kept?.letter.status ?? 'unknown'}`, {
        details: { letter: id, status: kept?.letter.status ?? null },
      });
    }
    kept.letter = { ...kept.letter, event: keepingId(event, kept.letter.event.id) };
    kept.actions.push({ at: new Date(), by, action: 'edited' });
  }

  request(filter: DeadLetterFilter, by: string): number {
    const wanted = new Set(this.find(filter, waits));
    /** Of each key, the newest of those that are meant. */
    const newest = new Map<string, DeadLetter>();
    for (const { letter } of wanted) {
      const { pipeline, sink, event } = letter;
      if (event.key !== undefined) newest.set(JSON.stringify([pipeline, sink, event.key]), letter);
    }
    for (const { id, pipeline, sink, event } of newest.values()) {
      const ofKey = this.find({ pipeline, sink, key: event.key as string }, isOpen);
      if (!ofKey.some(({ letter }) => letter.parked)) continue;
      for (const other of ofKey) if (waits(other) && isAfter(id, other.letter.id)) wanted.add(other);
    }
    for (const kept of wanted) this.move(kept, 'requested', { by, action: 'requested' });
    return wanted.size;
  }

  move(kept: Kept, status: DeadLetter['status'], action: Omit<DeadLetterAction, 'at'>): void {
    kept.letter = { ...kept.letter, status };
    kept.actions.push({ at: new Date(), ...action });
    if (!isOpen(kept)) this.#open.delete(kept.name);
  }

  prune(pipeline: string, before: Date): number {
    const old = [...this.#kept.values()].filter(
      (kept) => kept.letter.pipeline === pipeline && !isOpen(kept) && (kept.actions.at(-1)?.at ?? before) < before,
    );
    for (const { letter } of old) this.#kept.delete(letter.id);
    return old.length;
  }

  #put(added: NewDeadLetter): void {
    const action: DeadLetterAction = { at: added.at, by: added.pipeline, action: 'put', note: added.cause.code };
    const name = nameOf(added);
    const known = this.#open.get(name);
    if (known) {
      // One that only follows others of its key tells nothing new about why it is here.
      const cause = added.attempts > 0 ? added.cause : known.letter.cause;
      const attempts = known.letter.attempts + added.attempts;
      known.letter = { ...known.letter, cause, attempts, parked: known.letter.parked || added.parked };
      known.actions.push(action);
      return;
    }
    this.#last += 1;
    const id = String(this.#last);
    const kept: Kept = { letter: { ...added, id, status: 'waiting' }, name, actions: [action] };
    this.#kept.set(id, kept);
    this.#open.set(name, kept);
    if (this.#kept.size > this.capacity) this.#makeRoom();
  }

  #makeRoom(): void {
    for (const kept of this.#kept.values()) {
      if (isOpen(kept)) continue;
      this.#kept.delete(kept.letter.id);
      return;
    }
  }
}

function nameOf({ pipeline, sink, event }: NewDeadLetter): string {
  return JSON.stringify([pipeline, sink, event.source, event.id]);
}

function isOpen({ letter: { status } }: Kept): boolean {
  return status === 'waiting' || status === 'requested';
}

function waits({ letter }: Kept): boolean {
  return letter.status === 'waiting';
}

/** By length and then by code unit: numbers in their order. */
function isAfter(id: string, other: string): boolean {
  return id.length === other.length ? id > other : id.length > other.length;
}
