import type {
  BatchFrame,
  Checkpoint,
  Envelope,
  Frame,
  Lane,
  LaneReader,
  Source,
  SourceSession,
} from '@sluice/contracts';
import { type Change, postgresChanges } from '../../src/index.js';

/** Reads a source as the runtime would, one lane after the other, without settling anything by itself. */
export class Driver implements AsyncDisposable {
  readonly session: SourceSession<Change>;
  readonly lanes: readonly LaneReader<Change>[];
  readonly notices: readonly string[];
  readonly #abort: AbortController;
  readonly #iterators = new Map<Lane, AsyncIterator<Frame<Change>>>();

  private constructor(
    session: SourceSession<Change>,
    lanes: readonly LaneReader<Change>[],
    notices: readonly string[],
    abort: AbortController,
  ) {
    this.session = session;
    this.lanes = lanes;
    this.notices = notices;
    this.#abort = abort;
  }

  static async open(source: Source<Change>, options: DriveOptions = {}): Promise<Driver> {
    const abort = new AbortController();
    const notices: string[] = [];
    const session = await source.open({
      pipeline: 'test',
      checkpoints: options.checkpoints ?? new Map(),
      maxBatchBytes: options.maxBatchBytes ?? 1024 * 1024,
      signal: abort.signal,
      notice: (message) => notices.push(message),
    });
    const lanes: LaneReader<Change>[] = [];
    for await (const lane of session.lanes()) lanes.push(lane);
    return new Driver(session, lanes, notices, abort);
  }

  get stream(): LaneReader<Change> {
    return this.lanes[0] as LaneReader<Change>;
  }

  /** The next frame of a lane; undefined at its end. */
  async next(lane: LaneReader<Change> = this.stream): Promise<Frame<Change> | undefined> {
    let iterator = this.#iterators.get(lane.lane);
    if (!iterator) {
      iterator = lane.frames()[Symbol.asyncIterator]();
      this.#iterators.set(lane.lane, iterator);
    }
    const { done, value } = await iterator.next();
    return done ? undefined : value;
  }

  /** The next frame that has events. */
  async batch(): Promise<BatchFrame<Change>> {
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) throw new Error('the lane has ended');
      if (frame.kind === 'batch') return frame;
    }
  }

  /** Events of the stream until there are as many. */
  async events(count: number): Promise<Envelope<Change>[]> {
    const events: Envelope<Change>[] = [];
    while (events.length < count) events.push(...(await this.batch()).events);
    return events;
  }

  /** All rows of the snapshot lanes. */
  async snapshot(): Promise<Envelope<Change>[]> {
    const events: Envelope<Change>[] = [];
    for (const lane of this.lanes.slice(1)) {
      for (let frame = await this.next(lane); frame; frame = await this.next(lane)) {
        if (frame.kind === 'batch') events.push(...frame.events);
      }
    }
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    this.#abort.abort();
  }
}

export interface DriveOptions {
  readonly checkpoints?: ReadonlyMap<Lane, Checkpoint | null>;
  readonly maxBatchBytes?: number;
}

/** A source over `tables`, as the tests want it: quick to report, quick to come back. */
export function changesOf(
  connection: string,
  slot: string,
  options: Partial<Parameters<typeof postgresChanges>[0]> = {},
): Source<Change> {
  return postgresChanges({
    connection,
    slot,
    statusIntervalMs: 100,
    reconnect: { initialDelayMs: 20, maxDelayMs: 200, giveUpAfterMs: 20_000 },
    ...options,
  }) as Source<Change>;
}
