import {
  type BatchFrame,
  type Frame,
  type LaneReader,
  type Position,
  paddedPosition,
  type Revocation,
} from '@sluice/contracts';
import { gate } from './gate.js';
import type { HeldPartition } from './held-partition.js';
import type { Page, PageRequest } from './page.js';

/** What a lane over a partition needs. */
export interface PartitionLaneParts {
  readonly name: string;
  readonly held: HeldPartition;
  /** The offset to begin with. */
  readonly from: number;
  /** The oldest event that is left. */
  readonly first: number;
  readonly cuts: readonly Position[];
  readonly pageEvents: number;
  readonly maxBatchBytes: number;
  readonly read: (request: PageRequest) => Promise<Page>;
}

/** A partition as a lane: `resume` is the next offset. It never ends by itself. */
export class PartitionLane {
  readonly reader: LaneReader<Uint8Array>;
  /** Resolves when nothing more of it is read or confirmed. */
  readonly gone: Promise<void>;
  readonly #gone = gate();
  readonly #revocation = gate<Revocation>();
  /** Whether something may have been appended since the last page was asked for. */
  #news = true;
  #wake: () => void = () => undefined;
  #over = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(private readonly parts: PartitionLaneParts) {
    this.gone = this.#gone.promise;
    const first: Position = { resume: paddedPosition(parts.first), within: 0 };
    this.reader = {
      lane: parts.name,
      generation: parts.held.fence,
      confirmed: first,
      start: first,
      frames: () => this.#frames(),
      // The log is not emptied by being read: what is done is known to the checkpoints, and to nobody else.
      confirm: async () => undefined,
      revoked: this.#revocation.promise,
    };
    void parts.held.ending.then((leftMs) => this.revoke(leftMs));
  }

  /** Asks for the partition back; what is in flight has `leftMs` milliseconds to settle, and it is gone then in any case. */
  revoke(leftMs: number): void {
    this.#deadline ??= setTimeout(() => this.close(), leftMs + LATE_MS);
    this.#revocation.keep({ deadline: Date.now() + leftMs, done: () => this.close() });
  }

  wake(): void {
    this.#news = true;
    this.#wake();
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#gone.keep();
    this.#wake();
  }

  async *#frames(): AsyncGenerator<Frame<Uint8Array>> {
    const { held, cuts, pageEvents, maxBatchBytes, read } = this.parts;
    const places = cuts.map(offsetAt);
    let at = this.parts.from;
    while (!this.#over && held.live) {
      if (!this.#news) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#news = false;
      const cut = places.find((place) => place > at) ?? Number.POSITIVE_INFINITY;
      const page = await this.#page(read, {
        from: at,
        before: Math.min(at + pageEvents, cut),
        maxBytes: maxBatchBytes,
      });
      if (page === undefined || page.events.length === 0) continue;
      this.#news = true;
      at += page.events.length;
      if (!this.#over && held.live) yield frameOf(page, at);
    }
    // One that was lost ends only once the reader knows: else it would seem that there is no more to read.
    await this.gone;
  }

  /** Undefined when the lane was closed while it was read. */
  async #page(read: PartitionLaneParts['read'], request: PageRequest): Promise<Page | undefined> {
    try {
      return await read(request);
    } catch (error) {
      if (this.#over) return undefined;
      throw error;
    }
  }
}

/** How much later than the deadline the lane is taken, where its reader says nothing, in milliseconds. */
const LATE_MS = 1_000;

/** The offset of the event that `position` lies before. */
export function offsetAt({ resume, within }: Position): number {
  return Number.parseInt(resume, 16) + within;
}

function frameOf({ events, bytes }: Page, next: number): BatchFrame<Uint8Array> {
  return { kind: 'batch', events, bytes, position: { resume: paddedPosition(next), within: 0 } };
}
