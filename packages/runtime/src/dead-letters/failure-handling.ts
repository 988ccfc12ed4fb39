import { type Envelope, isComponentError, type Lane } from '@sluice/contracts';
import type { Delivery, Failure } from '../delivery/delivery.js';
import type { GenerationHooks } from '../pipeline/generation.js';
import type { OpenParts } from '../pipeline/opening.js';
import type { Plan } from '../pipeline/plan.js';
import { AttemptNotes } from '../retry/attempt-notes.js';
import { retryClass } from '../retry/failure-class.js';
import { within } from '../retry/within.js';
import type { Entry } from '../settlement/ledger.js';
import { writeDurably } from '../sink/durable-write.js';
import type { SinkWrite } from '../sink/sink-writer.js';
import { observedBurial } from '../telemetry/observed-burial.js';
import { Burials, type Grave, isFollower } from './burials.js';
import { parkedCause } from './followers.js';
import { ParkedKeys } from './parked-keys.js';
import { REPLAY_LANE, type ReplayParts, Replays } from './replays.js';

/** What the handling of failures is made of. */
export interface FailureParts {
  readonly plan: Plan;
  readonly hooks: GenerationHooks;
  readonly opened: OpenParts;
  readonly signal: AbortSignal;
  /** The names of the stages, the sink last. */
  readonly stages: readonly string[];
}

/**
 * What one generation of a pipeline does with events that fail: in the sink or in a stage, for the first time or in a replay,
 * and with those that follow them.
 */
export class FailureHandling {
  readonly #parked: ParkedKeys | undefined;
  readonly #burials: Burials;
  readonly #notes: AttemptNotes;
  #replays: Replays | undefined;

  constructor(private readonly parts: FailureParts) {
    const { plan, hooks, signal } = parts;
    const { name, sink, deadLetters: store, onFailure } = plan;
    const { counters, retried } = hooks;
    if (store && onFailure === 'park') this.#parked = new ParkedKeys(store, name, sink.name);
    this.#burials = new Burials({ plan, parked: this.#parked, counters, signal, retried, skipped: hooks.skipped });
    this.#notes = new AttemptNotes(store, name, sink.name, (error) => retried(error, 0));
  }

  /** Reads what earlier processes have left. To be called before anything is read from the source. */
  async load(): Promise<void> {
    await this.#notes.load();
  }

  /** A lane is ours from now on: learns what its owner before us has parked. */
  async takeOver(): Promise<void> {
    await this.#parked?.sync();
  }

  /** Makes what replays letters, where there is a store of them. */
  prepareReplays(parts: Pick<ReplayParts, 'setting' | 'ours' | 'reached' | 'inject'>): void {
    const { plan, hooks, signal, stages } = this.parts;
    const { deadLetters: store, name: pipeline, sink, deadLetterPollMs: pollMs, retry: policy } = plan;
    if (store === undefined) return;
    const { owner, retried, counters } = hooks;
    const replayed = (letters: number) => {
      counters.replayed += letters;
    };
    const own = { store, pipeline, sink: sink.name, owner, pollMs, policy, signal, stages, retried, replayed };
    this.#replays = new Replays({ ...own, parked: this.#parked, ...parts });
  }

  get replays(): Replays | undefined {
    return this.#replays;
  }

  /** Leaves replays behind, and waits for letters that are on their way to the store; answers with how many were in replay. */
  async close(failure: unknown, timeoutMs: number): Promise<number> {
    // What a stage does with a replayed event may break the chain; what a source or a sink does is none of the letter's doing.
    const brokenBy = isComponentError(failure) && failure.code.startsWith('PIPELINE_') ? failure : undefined;
    const [letters] = await Promise.all([
      within(this.#replays?.abandon(brokenBy) ?? Promise.resolve(0), timeoutMs),
      within(this.#burials.idle(), timeoutMs),
    ]);
    return letters ?? 0;
  }

  /** An operator could not process these events. Resolves when they are done with. */
  async divert(lane: Lane, entries: readonly Entry[], failures: readonly Failure[], stage: string): Promise<void> {
    const { stages } = this.parts;
    const at = Math.max(0, stages.indexOf(stage));
    const position = entries.at(-1)?.position;
    const seq = entries.reduce((newest, entry) => Math.max(newest, entry.seq), -1);
    const { ledger } = entries.at(-1) ?? {};
    await this.#bury({ lane, position, seq, ledger, stage: { at, name: stage }, failures, attempts: () => 1 });
  }

  /**
   * Takes out of a delivery that has come to a stage what follows a parked event; undefined when nothing is left. Costs nothing
   * while nothing is parked.
   */
  sift(delivery: Delivery<unknown>, stage: number): Delivery<unknown> | undefined {
    const replaying = delivery.lane === REPLAY_LANE;
    if (replaying ? this.#replays?.anyFailed !== true : this.#parked === undefined || this.#parked.size === 0) {
      return delivery;
    }
    const holds = (key: string) =>
      (replaying ? this.#replays?.holds(key, stage) : this.#parked?.holds(key, stage, delivery)) ?? false;
    const [rest, followers] = parted(delivery.events, holds);
    if (followers.length > 0) delivery.divert(followers.map(parked));
    if (rest.length === 0) {
      delivery.settle();
      return undefined;
    }
    return followers.length === 0 ? delivery : delivery.with(rest);
  }

  /** Writes until every event is durable, in the sink or among the dead letters. */
  async write(given: SinkWrite): Promise<void> {
    const { plan, hooks, opened, signal } = this.parts;
    const write = await this.#withoutFollowers(given);
    if (write.events.length === 0 && write.checkpoints.length === 0) return;
    let buried = 0;
    const bury = async (failures: readonly Failure[], attempts: (failure: Failure) => number) => {
      await this.#buryWritten(write, failures, attempts);
      buried += failures.length;
    };
    try {
      await writeDurably(write, {
        session: opened.sinkSession,
        delivery: plan.sink.features.delivery,
        policy: plan.retry,
        signal,
        parks: this.#parked !== undefined,
        notes: this.#notes,
        breaker: hooks.breaker,
        retried: hooks.retried,
        bury,
      });
    } catch (error) {
      const again = retryClass(error);
      if (write.lane !== REPLAY_LANE || signal.aborted || again === 'now' || again === 'backoff') throw error;
      if (isComponentError(error) && error.code === 'CHECKPOINT_FENCED') return this.#replays?.leave();
      // What was replayed in vain must not end the pipeline: it would be replayed again at the next start, and end that.
      await bury(
        write.events.map((event) => ({ event, cause: error })),
        () => 1,
      );
    }
    hooks.counters.written += Math.max(0, write.events.length - buried);
  }

  async #withoutFollowers(write: SinkWrite): Promise<SinkWrite> {
    const replaying = write.lane === REPLAY_LANE;
    if (replaying ? this.#replays?.anyFailed !== true : this.#parked === undefined || this.#parked.size === 0) {
      return write;
    }
    const at = this.#sinkStage;
    const holds = (key: string) =>
      (replaying ? this.#replays?.holds(key, at) : this.#parked?.holdsAtSink(key, at)) ?? false;
    const [events, followers] = parted(write.events, holds);
    if (followers.length === 0) return write;
    await this.#buryWritten(write, followers.map(parked), () => 0);
    return { ...write, events };
  }

  #buryWritten(
    { lane, position }: SinkWrite,
    failures: readonly Failure[],
    attempts: (failure: Failure) => number,
  ): Promise<void> {
    const at = this.#sinkStage;
    const stage = { at, name: this.parts.stages[at] as string };
    const newest = { seq: Number.POSITIVE_INFINITY, ledger: undefined };
    return this.#bury({ lane, position, ...newest, stage, failures, attempts });
  }

  async #bury(grave: Grave): Promise<void> {
    const attempts = (failure: Failure) => (isFollower(failure) ? 0 : grave.attempts(failure));
    if (grave.lane === REPLAY_LANE) {
      this.#replays?.failed(grave.failures, attempts, grave.stage.at);
      return;
    }
    await this.#burials.bury({ ...grave, attempts });
    if (this.#parked !== undefined) {
      for (const failure of grave.failures) {
        const { key } = failure.event;
        if (key === undefined) continue;
        if (isFollower(failure)) this.#replays?.followed(key);
        else this.#replays?.disturb(key);
      }
    }
    // Without a store they were dropped, and count as such.
    if (this.parts.plan.deadLetters === undefined) return;
    const most = grave.failures.reduce((count, failure) => Math.max(count, attempts(failure)), 0);
    observedBurial(this.parts.opened.observed, { lane: grave.lane, failures: grave.failures, attempts: most });
  }

  get #sinkStage(): number {
    return this.parts.stages.length - 1;
  }
}

function parted(
  events: readonly Envelope<unknown>[],
  holds: (key: string) => boolean,
): [rest: Envelope<unknown>[], followers: Envelope<unknown>[]] {
  const rest: Envelope<unknown>[] = [];
  const followers: Envelope<unknown>[] = [];
  for (const event of events) {
    const { key } = event;
    (key !== undefined && holds(key) ? followers : rest).push(event);
  }
  return [rest, followers];
}

function parked(event: Envelope<unknown>): Failure {
  return { event, cause: parkedCause() };
}
