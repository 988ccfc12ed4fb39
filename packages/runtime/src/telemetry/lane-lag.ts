import { comparePositions, type Lane, type Position, type SourceSession } from '@sluice/contracts';
import type { LaneRun } from '../lane/lane-run.js';
import type { LaneSet } from '../lane/lane-set.js';
import { within } from '../retry/within.js';

/** How far a lane is behind. */
export interface LaneLag {
  readonly lane: Lane;
  /** Batches that are not behind the settled prefix. */
  readonly unsettled: number;
  /** Age of the oldest event that is not settled, in seconds; 0 when there is none. */
  readonly seconds: number;
  /** When the newest settled event happened, in Unix seconds. */
  readonly settledTime: number | undefined;
  /** Bytes of the source's log that are not settled. */
  readonly bytes: number | undefined;
}

/** How far each lane of an open source is behind. */
export async function laneLags(lanes: LaneSet, session: SourceSession<unknown>): Promise<readonly LaneLag[]> {
  const heads = headsOf.get(session) ?? new Heads(session);
  headsOf.set(session, heads);
  const head = await heads.now();
  const now = Date.now();
  const mine = [...lanes.all()].filter(({ lane, ledger }) => !lanes.isOver(lane) && !ledger.abandoned);
  return mine.map((run) => laneLag(run, session, head.get(run.lane), now));
}

const headsOf = new WeakMap<SourceSession<unknown>, Heads>();

/** How far `run` is behind `head`, at `now` (milliseconds since the epoch). */
function laneLag(run: LaneRun, session: SourceSession<unknown>, head: Position | undefined, now: number): LaneLag {
  const { lane, ledger, reader } = run;
  let oldest: number | undefined;
  ledger.walk(({ open, mark }) => {
    if (open > 0 && mark !== undefined) oldest = timeOf(mark.first);
    return oldest === undefined;
  });
  const newest = ledger.newest?.mark?.last;
  const settledAt = newest && timeOf(newest);
  const done = ledger.settled ?? reader.start ?? reader.confirmed;
  return {
    lane,
    unsettled: ledger.length,
    seconds: oldest === undefined ? 0 : Math.max(0, (now - oldest) / 1000),
    settledTime: settledAt === undefined ? undefined : settledAt / 1000,
    bytes: head && done && bytesBetween(session, lane, done, head),
  };
}

/** A source's own idea of when something happened may be no time at all. */
function timeOf(event: { readonly time: Date }): number | undefined {
  const at = event.time.getTime();
  return Number.isNaN(at) ? undefined : at;
}

/** The head may have been asked for before what is settled now: then nothing is left. */
function bytesBetween(session: SourceSession<unknown>, lane: Lane, done: Position, head: Position) {
  return comparePositions(done, head) >= 0 ? 0 : session.bytesBetween?.(lane, done, head);
}

/** The source is asked where it ends this often at most, in milliseconds: it may have to ask a database. */
const ASK_MS = 5_000;
/** Nobody waits longer for an answer, but takes the one before, in milliseconds. */
const WAIT_MS = 1_000;

/** Where the lanes of a source end, as it was told last. */
class Heads {
  #known: ReadonlyMap<Lane, Position> = new Map();
  #asking: Promise<void> | undefined;
  #asked = Number.NEGATIVE_INFINITY;

  constructor(private readonly session: SourceSession<unknown>) {}

  async now(): Promise<ReadonlyMap<Lane, Position>> {
    if (this.session.bytesBetween === undefined) return this.#known;
    if (this.#asking === undefined && performance.now() - this.#asked >= ASK_MS) {
      this.#asked = performance.now();
      this.#asking = this.#ask();
    }
    const wait = this.#asked + WAIT_MS - performance.now();
    if (this.#asking !== undefined && wait > 0) await within(this.#asking, wait);
    return this.#known;
  }

  async #ask(): Promise<void> {
    try {
      this.#known = await this.session.head();
    } catch {
      // A source that can't say now is asked again; if something is wrong with it, its lanes tell.
    } finally {
      this.#asking = undefined;
    }
  }
}
