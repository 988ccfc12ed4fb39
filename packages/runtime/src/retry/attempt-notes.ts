import type { DeadLetterStore, Envelope } from '@sluice/contracts';

/** Events whose tries are kept track of, at most; of others the count begins anew after a crash. */
const MOST_NOTES = 10_000;

/**
 * How often single events were tried, also by earlier processes: noted before each pause, so that an event that takes the
 * process down with it does not get all of its tries anew each time.
 */
export class AttemptNotes {
  readonly #noted = new Map<string, number>();

  constructor(
    private readonly store: Pick<DeadLetterStore, 'attempts' | 'noteAttempts'> | undefined,
    private readonly pipeline: string,
    private readonly sink: string,
    /** A note that could not be made or removed costs tries, not events: it is told, and that is all. */
    private readonly told: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.#noted.size;
  }

  /** Reads what earlier processes have left. */
  async load(): Promise<void> {
    for (const [id, count] of (await this.store?.attempts(this.pipeline, this.sink)) ?? []) {
      if (this.#noted.size < MOST_NOTES) this.#noted.set(id, count);
    }
  }

  /** How often the event was tried before now. */
  of(event: Envelope<unknown>): number {
    return this.#noted.size === 0 ? 0 : (this.#noted.get(event.id) ?? 0);
  }

  /** Resolves when it is durable how often these events were tried. */
  async note(tries: ReadonlyMap<Envelope<unknown>, number>): Promise<void> {
    const noted = new Map<string, number>();
    for (const [event, count] of tries) {
      const { id } = event;
      if (this.#noted.has(id) || this.#noted.size < MOST_NOTES) {
        noted.set(id, count);
        this.#noted.set(id, count);
      }
    }
    await this.#store(noted);
  }

  /** The events are done with. Costs nothing while there are no notes. */
  async forget(events: Iterable<Envelope<unknown>>): Promise<void> {
    if (this.#noted.size === 0) return;
    const done = new Map<string, number>();
    for (const { id } of events) if (this.#noted.delete(id)) done.set(id, 0);
    await this.#store(done);
  }

  async #store(changes: ReadonlyMap<string, number>): Promise<void> {
    if (this.store === undefined || changes.size === 0) return;
    try {
      await this.store.noteAttempts(this.pipeline, this.sink, changes);
    } catch (error) {
      this.told(error);
    }
  }
}
