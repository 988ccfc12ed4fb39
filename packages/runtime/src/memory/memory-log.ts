import { ComponentError, type Envelope } from '@sluice/contracts';

/** An append-only sequence of events in memory, numbered from 0, for one or more readers. */
export class MemoryLog<T> {
  #events: Envelope<T>[] = [];
  #first = 0;
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(
    readonly name: string,
    private readonly capacity: number,
  ) {}

  /** The number of the oldest event that is still there. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next event will have. */
  get end(): number {
    return this.#first + this.#events.length;
  }

  /** Appends all of the events, or none: throws `MEMORY_FULL` when there is no room. */
  append(added: readonly Envelope<T>[]): void {
    if (this.#events.length + added.length > this.capacity) {
      throw new ComponentError('MEMORY_FULL', `${this.name} holds ${this.#events.length} of at most ${this.capacity}`, {
        details: { name: this.name, capacity: this.capacity },
      });
    }
    for (const event of added) this.#events.push(event);
    this.#wake();
  }

  /** No more will come. */
  finish(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Events from number `from` on, `limit` at most. */
  slice(from: number, limit: number): readonly Envelope<T>[] {
    const start = Math.max(0, from - this.#first);
    return this.#events.slice(start, start + limit);
  }

  /** Forgets the events before number `before`. */
  trim(before: number): void {
    if (before <= this.#first) return;
    this.#events = this.#events.slice(before - this.#first);
    this.#first = before;
  }

  /** Resolves to true when there is an event number `at`, to false when there never will be, or `signal` is aborted. */
  async reaches(at: number, signal: AbortSignal): Promise<boolean> {
    while (this.end <= at && !this.#ended && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        signal.addEventListener('abort', wake);
        this.#waiting.push(wake);
      });
    }
    return this.end > at && !signal.aborted;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
