import {
  type BatchFrame,
  type Checkpoint,
  comparePositions,
  type Frame,
  type Lane,
  type LaneReader,
  type Position,
  type SourceSession,
} from '@sluice/contracts';
import { waitFor } from '../../wait/wait-for.js';
import type { Sample } from '../sample.js';
import type { SourceFixture } from './source-fixture.js';

/** Where each lane stands: what a pipeline would have stored. */
export type Checkpoints = ReadonlyMap<Lane, Checkpoint | null>;

export interface ReadBatch<T> {
  readonly lane: Lane;
  readonly frame: BatchFrame<T>;
  /** As they stand once this batch, and all that was read before it, is settled. */
  readonly checkpoints: Checkpoints;
}

interface LaneState<T> {
  readonly reader: LaneReader<T>;
  iterator: AsyncIterator<Frame<T>> | undefined;
  pending: Promise<void> | undefined;
  ended: boolean;
}

export interface ReaderOptions {
  readonly checkpoints?: Checkpoints;
  readonly cuts?: ReadonlyMap<Lane, readonly Position[]>;
  /** Default: 1 MiB. */
  readonly maxBatchBytes?: number;
}

/** Reads a source as a pipeline does: every lane on its own, frame by frame, with checkpoints kept in memory. */
export class SourceReader<T> implements AsyncDisposable {
  readonly batches: ReadBatch<T>[] = [];
  /** Every position of every lane, in the order in which they came. */
  readonly positions = new Map<Lane, Position[]>();
  readonly lanes = new Map<Lane, LaneState<T>>();
  readonly session: SourceSession<T>;
  readonly #fixture: SourceFixture<T>;
  readonly #checkpoints: Map<Lane, Checkpoint | null>;
  readonly #abort: AbortController;
  readonly announcing: Promise<void>;
  #failure: unknown;
  /** While it reads: when to stop. */
  #enough: (() => boolean) | undefined;

  private constructor(
    fixture: SourceFixture<T>,
    session: SourceSession<T>,
    checkpoints: Checkpoints,
    abort: AbortController,
  ) {
    this.#fixture = fixture;
    this.session = session;
    this.#checkpoints = new Map(checkpoints);
    this.#abort = abort;
    this.announcing = this.#announce().catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  static async open<T>(fixture: SourceFixture<T>, options: ReaderOptions = {}): Promise<SourceReader<T>> {
    const abort = new AbortController();
    const { checkpoints = new Map(), cuts, maxBatchBytes = 1_048_576 } = options;
    const session = await fixture.source().open({
      pipeline: 'conformance',
      checkpoints,
      maxBatchBytes,
      ...(cuts ? { cuts } : {}),
      signal: abort.signal,
      notice: () => undefined,
    });
    return new SourceReader(fixture, session, checkpoints, abort);
  }

  /** As they stand when all that was read is settled. */
  get checkpoints(): Checkpoints {
    return new Map(this.#checkpoints);
  }

  get samples(): Sample[] {
    return this.batches.flatMap(({ frame }) =>
      frame.events.map((event) => ({ key: event.key ?? '', value: this.#fixture.value(event) })),
    );
  }

  get values(): string[] {
    return this.batches.flatMap(({ frame }) => frame.events.map((event) => this.#fixture.value(event)));
  }

  /** Reads on until `enough`; frames already asked for may still arrive after that. */
  async until(what: string, enough: () => boolean): Promise<void> {
    this.#enough = () => this.#failure !== undefined || enough();
    this.#goOn();
    await waitFor(this.#enough, { what, timeoutMs: this.#fixture.timeoutMs ?? 30_000 }).finally(() => {
      this.#enough = undefined;
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  async untilEvents(count: number): Promise<void> {
    await this.until(`${count} events`, () => this.values.length >= count);
  }

  /** Confirms all that was read, as a pipeline does once its checkpoints are durable. */
  async confirm(): Promise<void> {
    for (const [lane, { reader, ended }] of this.lanes) {
      const position = this.#checkpoints.get(lane)?.position;
      if (position && !ended) await reader.confirm(position);
    }
  }

  /**
   * Reads until each lane is at `head`: what a source repeats in error, it has repeated by then. Lanes that have ended are
   * past it.
   */
  async settleAt(head: ReadonlyMap<Lane, Position>): Promise<void> {
    await this.until('the head', () =>
      [...head].every(([lane, target]) => {
        const position = this.#checkpoints.get(lane)?.position;
        return this.lanes.get(lane)?.ended || (position !== undefined && comparePositions(position, target) >= 0);
      }),
    );
  }

  /** Asks every lane for its next frame, and does not wait for it. */
  askOnce(): void {
    this.#pull();
  }

  /** What a lane or the session has failed with. */
  get failure(): unknown {
    return this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    this.#abort.abort();
  }

  async #announce(): Promise<void> {
    for await (const reader of this.session.lanes()) {
      if (!this.#checkpoints.has(reader.lane)) {
        const start = reader.start ? { position: reader.start, identity: this.#identityOf(reader.lane) } : null;
        this.#checkpoints.set(reader.lane, start);
      }
      this.lanes.set(reader.lane, { reader, iterator: undefined, pending: undefined, ended: false });
      this.#goOn();
    }
  }

  #identityOf(lane: Lane): string {
    return this.session.identityOf?.(lane) ?? this.session.identity;
  }

  #goOn(): void {
    if (this.#enough?.() === false) this.#pull();
  }

  /** Asks each lane that may be read for its next frame, unless it has been asked already. */
  #pull(): void {
    for (const state of this.lanes.values()) {
      const waits = state.reader.after?.some((lane) => this.lanes.get(lane)?.ended === false);
      if (state.ended || state.pending || waits) continue;
      state.iterator ??= state.reader.frames()[Symbol.asyncIterator]();
      state.pending = this.#take(state, state.iterator).then(
        () => this.#goOn(),
        (error: unknown) => {
          this.#failure ??= error;
        },
      );
    }
  }

  async #take(state: LaneState<T>, iterator: AsyncIterator<Frame<T>>): Promise<void> {
    const next = await iterator.next();
    state.pending = undefined;
    const { lane } = state.reader;
    if (next.done) {
      state.ended = true;
      if (!this.#abort.signal.aborted) this.#checkpoints.delete(lane);
      return;
    }
    const frame = next.value;
    this.#checkpoints.set(lane, { position: frame.position, identity: this.#identityOf(lane) });
    this.positions.set(lane, [...(this.positions.get(lane) ?? []), frame.position]);
    if (frame.kind === 'batch') this.batches.push({ lane, frame, checkpoints: this.checkpoints });
  }
}
