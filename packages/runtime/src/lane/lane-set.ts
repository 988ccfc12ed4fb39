import {
  type Checkpoint,
  type CheckpointStore,
  type CheckpointWrite,
  ComponentError,
  comparePositions,
  type Lane,
  type LaneReader,
  type Position,
  type Revocation,
  type SourceSession,
} from '@sluice/contracts';
import { fenced } from '../checkpoint/checkpointer.js';
import { EndedLanes } from './ended-lanes.js';
import { LaneRun, type LaneSetting } from './lane-run.js';

/** What a set of lanes needs of its pipeline. */
export interface LaneSetParts {
  readonly session: SourceSession<unknown>;
  /** Undefined when the source acks each event singly: then there are no positions to keep. */
  readonly store: CheckpointStore | undefined;
  /** What the source was given; kept up to date for lanes that come back. */
  readonly checkpoints: Map<Lane, Checkpoint | null>;
  readonly owner: string;
  readonly setting: Omit<LaneSetting, 'fence' | 'stored' | 'identity'>;
  /** Stores what is settled in the lane. */
  readonly flush: (lane: Lane) => Promise<void>;
  /** Nothing more will be read from any lane. */
  readonly ended: () => void;
  /** The lane was taken away, or has ended. */
  readonly forget: (lane: Lane) => void;
  /** A lane is ours from now on: what its owner before us has left behind can be read. */
  readonly takeOver: () => Promise<void>;
}

/**
 * The lanes of an open source: takes them up as they appear, lets each wait for those that it comes after, and gives them
 * back when they are revoked.
 */
export class LaneSet {
  readonly #runs = new Map<Lane, LaneRun>();
  readonly #over = new EndedLanes();
  #allAnnounced = false;
  #stopped = false;
  #ending = 0;
  #pulling = 0;
  #takingUp: Promise<LaneRun> | undefined;
  #watchers: (() => void)[] = [];

  constructor(private readonly parts: LaneSetParts) {}

  /** Whether a lane is waiting for its last deliveries to settle. */
  get ending(): boolean {
    return this.#ending > 0;
  }

  /** Undefined when the lane is not here, or has ended and settled. */
  get(lane: Lane): LaneRun | undefined {
    return this.#runs.get(lane);
  }

  /** Whether a lane has ended and settled. */
  get someOver(): boolean {
    return this.#over.size > 0;
  }

  /** Those that have not ended and settled. */
  all(): IterableIterator<LaneRun> {
    return this.#runs.values();
  }

  /** Whether the lane was announced, and has ended and settled; or whether it will never be announced. */
  isOver(lane: Lane): boolean {
    return this.#over.has(lane) || (this.#allAnnounced && !this.#runs.has(lane));
  }

  /** Serves every lane; resolves when all have ended. */
  async serve(): Promise<void> {
    const served = new Set<Promise<void>>();
    for await (const reader of this.parts.session.lanes()) {
      if (this.#stopped) {
        void decline(reader);
        continue;
      }
      // One after the other: a lane is on record before the next is even announced.
      this.#takingUp = this.#takeUp(reader);
      const run = await this.#takingUp;
      this.#pulling += 1;
      const lane = this.#read(reader, run);
      served.add(lane);
      lane.then(() => served.delete(lane), this.parts.setting.failed);
      void this.#heedRevocation(reader, run).catch(this.parts.setting.failed);
    }
    this.#allAnnounced = true;
    this.#changed();
    this.#lookForEnd();
    await Promise.all(served);
  }

  /** No lane pulls any more. */
  stop(): void {
    this.#stopped = true;
    for (const run of this.#runs.values()) run.stop();
    this.parts.setting.credits.wake();
    this.#changed();
  }

  /** Resolves when no fence is being raised: one that is raised later would shut out whoever comes after us. */
  async idle(): Promise<void> {
    await this.#takingUp?.catch(() => 'told by serve');
  }

  async #takeUp(reader: LaneReader<unknown>): Promise<LaneRun> {
    const { store, checkpoints, session, owner, setting } = this.parts;
    const { lane } = reader;
    const known = checkpoints.get(lane) ?? undefined;
    const fence = store && (await store.acquire(setting.pipeline, setting.sink, lane, owner)).fence;
    if (store) refuseMoved(lane, known, await currentCheckpoint(store, setting, lane));
    refuseBehind(lane, known?.position, reader.confirmed);
    await this.parts.takeOver();
    const stored = known?.position;
    const run = new LaneRun(reader, {
      ...setting,
      identity: session.identityOf?.(lane) ?? session.identity,
      fence,
      stored,
    });
    if (this.#stopped) run.stop();
    this.#runs.set(lane, run);
    this.#over.delete(lane);
    return run;
  }

  async #read(reader: LaneReader<unknown>, run: LaneRun): Promise<void> {
    const before = reader.after ?? [];
    while (!run.stopped && !before.every((lane) => this.isOver(lane))) {
      run.deferred = true;
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
    run.deferred = false;
    if (!run.stopped) await this.#begin(reader, run, before);
    await run.pull();
    this.#pulling -= 1;
    this.#lookForEnd();
    this.#ending += 1;
    await run.until(() => run.finished || run.ledger.abandoned);
    this.#ending -= 1;
    if (run.ledger.abandoned) return;
    await this.parts.flush(run.lane);
    await run.confirmed();
    this.#letGo(run);
  }

  /** The lane has ended and settled. It may have been taken away meanwhile: then it is not over unless all of it is stored. */
  #letGo(run: LaneRun): void {
    const { lane } = run;
    const now = this.#runs.get(lane);
    if (run.unstored !== undefined || (now !== undefined && now !== run)) return;
    this.#over.add(lane, run.keepsCheckpoints ? run.checkpointWrite(null).fence : undefined);
    if (now === run) {
      this.#runs.delete(lane);
      this.parts.forget(lane);
    }
    this.#changed();
  }

  /** Puts the beginning of a lane on record, in one step with the end of those before it. */
  async #begin(reader: LaneReader<unknown>, run: LaneRun, before: readonly Lane[]): Promise<void> {
    const { store } = this.parts;
    const { start } = reader;
    if (!store || start === undefined || run.ledger.settled !== undefined) return;
    const ended = before.flatMap((lane): CheckpointWrite[] => {
      const fence = this.#over.fence(lane);
      const { pipeline, sink } = this.parts.setting;
      return fence === undefined ? [] : [{ pipeline, sink, lane, fence, checkpoint: null }];
    });
    const outcome = await store.save([run.checkpointWrite(start), ...ended]);
    if (run.ledger.abandoned) return;
    if (outcome === 'fenced') throw fenced([run.lane]);
    run.startAt(start);
    for (const lane of before) this.#over.cleared(lane);
  }

  async #heedRevocation(reader: LaneReader<unknown>, run: LaneRun): Promise<void> {
    const revocation: Revocation = await reader.revoked;
    run.stop();
    this.parts.setting.credits.wake();
    this.#changed();
    this.#ending += 1;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, revocation.deadline - Date.now()));
    });
    const handedBack = run
      .until(() => run.ledger.length === 0 || run.ledger.abandoned)
      .then(() => this.parts.flush(run.lane))
      .then(() => run.confirmed());
    await Promise.race([handedBack, deadline]);
    clearTimeout(timer);
    this.#ending -= 1;
    run.ledger.abandon();
    run.handBack();
    this.parts.checkpoints.set(run.lane, run.checkpoint);
    if (this.#runs.get(run.lane) === run) {
      this.#runs.delete(run.lane);
      this.parts.forget(run.lane);
    }
    run.look();
    this.#changed();
    revocation.done();
  }

  #lookForEnd(): void {
    if (this.#allAnnounced && this.#pulling === 0) this.parts.ended();
  }

  #changed(): void {
    for (const look of this.#watchers.splice(0)) look();
  }
}

/** A lane that comes too late to be read is given back as soon as it is asked for. */
async function decline(reader: LaneReader<unknown>): Promise<void> {
  try {
    const revocation = await reader.revoked;
    revocation.done();
  } catch {
    // It ends with its session, which is being closed.
  }
}

async function currentCheckpoint(store: CheckpointStore, { pipeline, sink }: LaneSetParts['setting'], lane: Lane) {
  const stored = await store.load(pipeline);
  return stored.find((entry) => entry.sink === sink && entry.lane === lane)?.checkpoint ?? undefined;
}

/**
 * Only now, with the fence raised, does the checkpoint stand still. If whoever had the lane before moved it after we read it,
 * the source would begin too early, and an atomic sink apply twice what lies between.
 */
function refuseMoved(lane: Lane, given: Checkpoint | undefined, now: Checkpoint | undefined): void {
  if (given?.identity === now?.identity) {
    if (given === now || (given && now && comparePositions(given.position, now.position) === 0)) return;
  }
  throw new ComponentError('CHECKPOINT_MOVED', `lane ${lane} was still written while this instance took it over`, {
    details: { lane, given: given?.position.resume ?? null, now: now?.position.resume ?? null },
  });
}

function refuseBehind(lane: Lane, stored: Position | undefined, confirmed: Position | undefined): void {
  if (!stored || !confirmed || comparePositions({ ...stored, within: 0 }, { ...confirmed, within: 0 }) >= 0) return;
  throw new ComponentError(
    'CHECKPOINT_BEHIND',
    `lane ${lane}: the checkpoint lies before what the source has given up`,
    {
      details: { lane, checkpoint: stored.resume, confirmed: confirmed.resume },
    },
  );
}
