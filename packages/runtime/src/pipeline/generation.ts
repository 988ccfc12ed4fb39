import { type CheckpointStore, ComponentError, comparePositions, type Lane, type Position } from '@sluice/contracts';
import { Checkpointer } from '../checkpoint/checkpointer.js';
import { Credits } from '../credits/credits.js';
import { Custody, type StageReport } from '../custody/custody.js';
import { FailureHandling } from '../dead-letters/failure-handling.js';
import { REPLAY_LANE } from '../dead-letters/replays.js';
import { Delivery, type Failure } from '../delivery/delivery.js';
import { Flow } from '../delivery/flow.js';
import type { LaneRun } from '../lane/lane-run.js';
import { LaneSet, type LaneSetParts } from '../lane/lane-set.js';
import { asStageError } from '../retry/failure-class.js';
import { tryAgain } from '../retry/try-again.js';
import { within } from '../retry/within.js';
import type { Entry } from '../settlement/ledger.js';
import { AtomicWriter } from '../sink/atomic-writer.js';
import type { CircuitBreaker } from '../sink/circuit-breaker.js';
import { QueuedWriter } from '../sink/queued-writer.js';
import { DEFAULT_MAX_EVENTS, type SinkWrite, type SinkWriter } from '../sink/sink-writer.js';
import { type LaneLag, laneLags } from '../telemetry/lane-lag.js';
import type { Measurements } from '../telemetry/measurements.js';
import { Strands } from '../watchdog/strands.js';
import { type Chain, connect, stagesOf } from './chain.js';
import type { Counters } from './counters.js';
import { closingMs, dispose, type OpenParts, openParts } from './opening.js';
import type { Plan } from './plan.js';

/** How often held deliveries and time-outs are looked at, in milliseconds. */
const TICK_MS = 50;
/** How long closing tries to store what is settled, in milliseconds. */
const LAST_SAVE_MS = 1_000;

/** What a generation tells its pipeline. */
export interface GenerationHooks {
  readonly owner: string;
  readonly counters: Counters;
  readonly retried: (error: unknown, attempt: number) => void;
  readonly notice: (message: string) => void;
  /** The source waits on purpose, for this reason; undefined: no longer. */
  readonly standby: (reason: string | undefined) => void;
  /** The source can't read, and tries by itself; undefined once it does again. */
  readonly trouble: (error: ComponentError | undefined) => void;
  /** Events were dropped: how many there were before, and are now. */
  readonly skipped: (before: number, total: number) => void;
  /** That of the sink; it outlives generations. */
  readonly breaker: CircuitBreaker | undefined;
  readonly measured?: Measurements | undefined;
}

/**
 * A pipeline from one opening of its source and sink to the next closing. Whatever ends it, everything of it is left behind:
 * settlements that come later are ignored, and the next generation starts from the checkpoint.
 */
export class Generation {
  readonly #abort = new AbortController();
  readonly #credits: Credits;
  readonly #custody: Custody;
  readonly #flow: Flow;
  readonly #writer: SinkWriter;
  readonly #checkpointer: Checkpointer | undefined;
  readonly #chain: Chain;
  readonly #lanes: LaneSet;
  readonly #failures: FailureHandling;
  readonly #timer: NodeJS.Timeout;
  /** What has to move, for the watchdog. */
  readonly strands: Strands;
  #failure: { readonly error: unknown } | undefined;
  #draining = false;
  /** The deadline of a drain. */
  #closeBy: number | undefined;
  #completed = false;
  #closing: Promise<ReadonlyMap<Lane, number>> | undefined;
  #finish: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  /** Resolves when the source has ended and all is settled, or a drain is over; rejects when the generation failed. */
  readonly finished: Promise<void>;

  private constructor(
    private readonly plan: Plan,
    private readonly hooks: GenerationHooks,
    private readonly opened: OpenParts,
  ) {
    const { session } = opened;
    const { name, source, sink, options, credits } = plan;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = { resolve, reject };
    });
    this.finished.catch(() => 'the pipeline looks at it when it comes to it');
    this.#credits = new Credits(credits.bytes, credits.batches);
    const stages = stagesOf(plan.operators, sink.name);
    this.#custody = new Custody(stages, options.unordered);
    const names = stages.map((stage) => stage.name);
    this.#failures = new FailureHandling({ plan, hooks, opened, signal: this.#abort.signal, stages: names });
    this.#flow = new Flow(
      (lane, entries, failures, stage) => void this.#divert(lane, entries, failures, stage),
      () => this.#urgent,
      options.unordered,
      {
        draining: () => this.#draining,
        persist: (work) => tryAgain(work, { policy: plan.retry, signal: this.#abort.signal, retried: hooks.retried }),
        notice: hooks.notice,
        failed: (error) => this.fail(error),
        parks: plan.onFailure === 'park',
      },
    );
    const fail = (error: unknown) => this.fail(error);
    const lane = (of: Lane) => (of === REPLAY_LANE ? this.#failures.replays?.lane : this.#lanes.get(of));
    const becameIdle = () => this.#relieve();
    const write = (one: SinkWrite) => this.#failures.write(one);
    const maxEvents = sink.features.maxEvents ?? DEFAULT_MAX_EVENTS;
    if (sink.features.delivery === 'atomic') {
      const intervalMs = options.checkpointIntervalMs;
      const guards = (of: Lane) => (of === REPLAY_LANE ? this.#guards : NO_LANES);
      this.#writer = new AtomicWriter({ maxEvents, intervalMs, lane, write, guards, becameIdle, failed: fail });
    } else {
      this.#checkpointer = new Checkpointer({
        store: opened.store as CheckpointStore,
        intervalMs: options.checkpointIntervalMs,
        policy: plan.retry,
        signal: this.#abort.signal,
        lane,
        retried: hooks.retried,
        failed: fail,
      });
      const checkpointer = this.#checkpointer;
      this.#writer = new QueuedWriter({ maxEvents, write, checkpointer, becameIdle, failed: fail });
    }
    const setting: LaneSetParts['setting'] = {
      pipeline: name,
      sink: sink.name,
      credits: this.#credits,
      maxUnsettled: options.maxUnsettled,
      receive: (run, frame, entry) => {
        hooks.counters.received += frame.events.length;
        hooks.measured?.received(frame, entry);
        this.#chain.push(new Delivery(frame.events, run.lane, frame.bytes, this.#flow, [entry], undefined));
      },
      advanced: (run) => this.#writer.advanced(run.lane),
      starved: () => this.#relieve(),
      failed: fail,
      notice: hooks.notice,
      measured: hooks.measured,
    };
    this.#lanes = new LaneSet({
      session,
      store: source.features.ack === 'cumulative' ? opened.store : undefined,
      takeOver: () => this.#failures.takeOver(),
      setting,
      checkpoints: opened.checkpoints,
      owner: hooks.owner,
      flush: (of) => this.#writer.flush(of),
      forget: (of) => this.#writer.forget(of),
      ended: () => this.#complete(),
    });
    this.#chain = connect(plan.operators, this.#custody, {
      next: (delivery) => this.#writer.accept(delivery),
      sift: (delivery, stage) => this.#failures.sift(delivery, stage),
      error: (cause) => fail(asStageError(cause)),
      complete: () => this.#stageCompleted(),
      cleanUpFailed: (cause) => hooks.retried(asStageError(cause), 0),
    });
    this.strands = new Strands({
      lanes: this.#lanes,
      stages: () => this.#custody.report(),
      heldOnPurpose: (entry) => this.#custody.holdsOnPurpose(entry),
      head: source.features.ack === 'cumulative' ? () => session.head() : undefined,
      headEveryMs: options.stallMs / 4,
    });
    this.#failures.prepareReplays({
      setting: { ...setting, fence: undefined, stored: undefined, identity: session.identity },
      ours: (of) => this.#replays(of),
      reached: (of, position) => hasReached(this.#lanes.get(of), position),
      inject: (events, entry, stage) =>
        this.#chain.inject(new Delivery(events, REPLAY_LANE, 0, this.#flow, [entry], undefined), stage),
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Opens sink and source, in this order, and starts to read. */
  static async open(plan: Plan, hooks: GenerationHooks, signal: AbortSignal): Promise<Generation> {
    const opened = await openParts(plan, hooks, signal);
    const made = new Generation(plan, hooks, opened);
    try {
      await made.#failures.load();
    } catch (error) {
      await made.close();
      throw error;
    }
    made.#serve();
    return made;
  }

  head(): Promise<ReadonlyMap<Lane, Position>> {
    return this.opened.session.head();
  }

  lane(lane: Lane): LaneRun | undefined {
    return this.#lanes.get(lane);
  }

  isOver(lane: Lane): boolean {
    return this.#lanes.isOver(lane);
  }

  /** How far each lane is behind. */
  lags(): Promise<readonly LaneLag[]> {
    return laneLags(this.#lanes, this.opened.session);
  }

  /** For how long no lane has had anything, counted from `since` at the earliest, in milliseconds; 0 before there is a lane. */
  quietMs(since: number): number {
    const lanes = [...this.#lanes.all()];
    if (lanes.length === 0) return this.#lanes.someOver ? Number.POSITIVE_INFINITY : 0;
    return Math.min(...lanes.map((run) => run.quietMs(since)));
  }

  report(): { credits: { bytes: number; batches: number }; stages: readonly StageReport[]; unsettled: number } {
    let unsettled = 0;
    for (const run of this.#lanes.all()) unsettled += run.ledger.length;
    const { bytes, batches } = this.#credits;
    return { credits: { bytes, batches }, stages: this.#custody.report(), unsettled };
  }

  /** What ended it, if anything did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#finish?.reject(error);
  }

  /** Stops pulling, and settles and stores what is in flight until the deadline. Answers with what was given up, by lane. */
  async drain(timeoutMs: number): Promise<ReadonlyMap<Lane, number>> {
    this.#draining = true;
    this.#failures.replays?.stop();
    const deadline = performance.now() + timeoutMs;
    this.#closeBy = deadline;
    this.#lanes.stop();
    this.#complete();
    const runs = [...this.#lanes.all()];
    const settled = Promise.all(runs.map((run) => run.until(() => run.ledger.length === 0)))
      .then(() => this.#failures.replays?.idle())
      .then(() => this.#writer.flush())
      .then(() => Promise.all(runs.map((run) => run.confirmed())));
    await within(
      Promise.race([settled, this.finished]).catch(() => 'reported as given up'),
      deadline - performance.now(),
    );
    const givenUp = await this.close();
    this.#finish?.resolve();
    return givenUp;
  }

  /** Leaves everything behind. Answers with the events that were in flight, by lane. Idempotent. */
  close(): Promise<ReadonlyMap<Lane, number>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<ReadonlyMap<Lane, number>> {
    clearInterval(this.#timer);
    const drained = this.#draining;
    this.#draining = true;
    this.#lanes.stop();
    try {
      this.#chain.subscription.unsubscribe();
    } catch (error) {
      // An operator's clean-up failed; the rest must be closed all the same.
      this.hooks.retried(asStageError(error), 0);
    }
    // What is settled need not be done again, whatever ended this generation; nor what is just being written. A drain has
    // waited for that already.
    if (!drained) await within(this.#writer.close(), LAST_SAVE_MS);
    if (this.#checkpointer && !this.#abort.signal.aborted) await within(this.#checkpointer.flush(), LAST_SAVE_MS);
    this.#abort.abort();
    this.#checkpointer?.close();
    await within(Promise.all([this.#writer.close(), this.#lanes.idle()]), closingMs(this.#closeBy));
    const givenUp = new Map<Lane, number>();
    for (const run of this.#lanes.all()) {
      const events = run.ledger.abandon();
      if (events > 0) givenUp.set(run.lane, events);
      run.look();
    }
    const letters = await this.#failures.close(this.#failure?.error, closingMs(this.#closeBy));
    if (letters > 0) givenUp.set(REPLAY_LANE, letters);
    const runs = [...this.#lanes.all()];
    await within(Promise.all(runs.map((run) => run.confirmed())), closingMs(this.#closeBy));
    for (const run of runs) run.handBack();
    for (const part of [this.opened.session, this.opened.sinkSession]) {
      await dispose(part, this.hooks, closingMs(this.#closeBy));
    }
    return givenUp;
  }

  #serve(): void {
    this.#lanes
      .serve()
      .then(() => this.#failures.replays?.idle())
      .then(() => {
        if (!this.#draining) this.#finish?.resolve();
      })
      .catch((error: unknown) => this.fail(error));
    this.#failures.replays?.look();
    const { ack, visibilityTimeoutMs } = this.plan.source.features;
    if (ack !== 'individual' || visibilityTimeoutMs === undefined) return;
    const extend = () => {
      for (const run of this.#lanes.all()) run.extend(visibilityTimeoutMs);
    };
    const timer = setInterval(extend, visibilityTimeoutMs / 2);
    this.#abort.signal.addEventListener('abort', () => clearInterval(timer));
  }

  async #divert(lane: Lane, entries: readonly Entry[], failures: readonly Failure[], stage: string): Promise<void> {
    try {
      await this.#failures.divert(lane, entries, failures, stage);
      this.#flow.release(entries);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Looks for letters that somebody wants replayed, now. */
  lookForReplays(): void {
    if (!this.#draining) this.#failures.replays?.look();
  }

  /** The lanes that the letters in replay came from. */
  get #guards(): readonly LaneRun[] {
    return [...(this.#failures.replays?.lanes ?? [])].flatMap((lane) => this.#lanes.get(lane) ?? []);
  }

  /** Whether the letters of a lane are ours to replay: a lane that has a checkpoint and is not here is another instance's. */
  async #replays(lane: Lane): Promise<boolean> {
    if (this.#lanes.get(lane) !== undefined || this.isOver(lane)) return true;
    const stored = (await this.opened.store?.load(this.plan.name)) ?? [];
    return !stored.some((entry) => entry.sink === this.plan.sink.name && entry.lane === lane);
  }

  /** Someone waits for credit, or nothing more will come: what operators hold back must go on. */
  get #urgent(): boolean {
    if (this.#draining || this.#lanes.ending) return true;
    return (this.#credits.awaited || this.#failures.replays?.underWay === true) && this.#writer.idle;
  }

  #relieve(): void {
    if (this.#urgent) this.#flush();
  }

  #flush(): void {
    try {
      this.#flow.flush();
    } catch (error) {
      this.fail(asStageError(error));
    }
  }

  #tick(): void {
    this.#relieve();
    const overdue = this.#custody.overdue(performance.now(), this.plan.options.settlementTimeoutMs);
    if (overdue) this.fail(overdue);
  }

  /** Nothing more comes: operators emit what they hold, and complete. */
  #complete(): void {
    if (this.#completed) return;
    this.#completed = true;
    this.#failures.replays?.stop();
    this.#flush();
    this.#chain.complete();
  }

  #stageCompleted(): void {
    if (!this.#completed)
      this.fail(new ComponentError('PIPELINE_STAGE_COMPLETED', 'a stage completed before its source'));
  }
}

/** Whether everything that came up to `position` is settled; of a lane that is not here, or keeps no positions, it is. */
function hasReached(run: LaneRun | undefined, position: Position): boolean {
  if (run === undefined || !run.keepsCheckpoints) return true;
  const { settled } = run.ledger;
  return position.resume === '' || (settled !== undefined && comparePositions(settled, position) >= 0);
}

const NO_LANES: readonly LaneRun[] = [];
