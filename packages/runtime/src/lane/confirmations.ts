import type { LaneReader, Position } from '@sluice/contracts';

/** Tells a source what is durable: ascending, one call at a time, the newest position only. */
export class Confirmations {
  #due: Position | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(
    private readonly reader: LaneReader<unknown>,
    private readonly failed: (error: unknown) => void,
  ) {}

  confirm(position: Position): void {
    if (this.#closed) return;
    this.#due = position;
    this.#running ??= this.#run();
  }

  /** No call is begun any more. */
  close(): void {
    this.#closed = true;
    this.#due = undefined;
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (let position = this.#due; position !== undefined; position = this.#due) {
        this.#due = undefined;
        await this.reader.confirm(position);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      // In the same turn as the last look at what is due: nothing that comes now may find us still running.
      this.#running = undefined;
    }
  }
}
