import type { Envelope, Lane, LaneReader, ReplayOutcome } from '@sluice/contracts';
import { Credits } from '../credits/credits.js';
import type { Failure } from '../delivery/delivery.js';
import { LaneRun, type LaneSetting } from '../lane/lane-run.js';
import { causeOf } from '../retry/failure-class.js';
import { backoffMs, type RetryPolicy } from '../retry/retry-policy.js';
import { tryAgain } from '../retry/try-again.js';
import { LONGEST_TIMER_MS } from '../retry/within.js';
import type { Entry } from '../settlement/ledger.js';
import type { ParkedKeys } from './parked-keys.js';
import { composeWave, type Wave, type WaveParts } from './replay-wave.js';

/** The lane that replayed events come on. It keeps no checkpoint. */
export const REPLAY_LANE: Lane = 'dead letters';

/** What replays need of their generation. */
export interface ReplayParts extends Omit<WaveParts, 'straight' | 'held'> {
  /** Who resolves the letters. */
  readonly owner: string;
  /** How often requested letters are looked for, in milliseconds. */
  readonly pollMs: number;
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  readonly parked: ParkedKeys | undefined;
  readonly setting: LaneSetting;
  /** Lets events into the chain at a stage, as a delivery of this batch. */
  readonly inject: (events: readonly Envelope<unknown>[], entry: Entry, stage: number) => void;
  readonly retried: (error: unknown, attempt: number) => void;
  readonly replayed: (letters: number) => void;
}

/**
 * Replays the letters that somebody has requested: each enters the chain at the stage in which it failed, and is resolved once
 * it is durable in the sink, or has failed again.
 *
 * - The letters of one key are replayed in the order of their events; of a parked key no event overtakes them, for what arrives
 *   meanwhile goes to the store behind them. Once those that failed are through, those that merely followed are replayed too.
 * - At least once: a crash between the write and the `resolve` replays a letter again.
 */
export class Replays {
  readonly lane: LaneRun;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #troubles = 0;
  #wave: Wave | undefined;
  #left = false;
  /** Parked keys whose letters are known to be stored in the order of their events. */
  readonly #straight = new Set<string>();

  /** Keys that may have letters with nothing before them that failed. */
  readonly #loose = new Set<string>();
  /** Lanes of requested letters that can't be replayed here yet, and since when there are some. */
  readonly #held = new Set<Lane>();
  #heldSince: number | undefined;
  readonly #credits = new Credits(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);

  constructor(private readonly parts: ReplayParts) {
    this.lane = new LaneRun(NO_READER, { ...parts.setting, credits: this.#credits });
  }

  /** The lanes that the letters on their way came from. */
  get lanes(): ReadonlySet<Lane> {
    return new Set(this.#wave?.letters.map(({ lane }) => lane));
  }

  /** Leaves the letters on their way to whoever has their lanes now: they stay requested. */
  leave(): void {
    this.#left = true;
  }

  /** Whether letters are on their way. */
  get underWay(): boolean {
    return this.#wave !== undefined;
  }

  /** An event was stored that only follows others of its key: these may be through by now. */
  followed(key: string): void {
    this.#loose.add(key);
  }

  /** An event of a parked key has failed: it may come before others that are stored already. */
  disturb(key: string): void {
    this.#straight.delete(key);
  }

  /** Whether one of the letters that are on their way has failed again. */
  get anyFailed(): boolean {
    return this.#wave?.anyFailed ?? false;
  }

  /** Looks for requested letters, now. */
  look(): void {
    clearTimeout(this.#timer);
    this.#again = true;
    this.#looking ??= this.#run().finally(() => {
      this.#looking = undefined;
      if (this.#stopped) return;
      const wait = this.parts.pollMs + (this.#troubles > 0 ? backoffMs(this.parts.policy, this.#troubles) : 0);
      this.#timer = setTimeout(() => this.look(), Math.min(LONGEST_TIMER_MS, wait));
    });
  }

  /** Takes up no more letters. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves when no letter is on its way. */
  async idle(): Promise<void> {
    await this.#looking;
  }

  /** Events of replayed letters failed again. */
  failed(failures: readonly Failure[], attempts: (failure: Failure) => number, stage: number): void {
    for (const failure of failures) this.#wave?.failed(failure, attempts(failure), stage);
  }

  /** Whether an event follows one of its key that has just failed again. */
  holds(key: string, stage: number): boolean {
    return this.#wave?.holds(key, stage) ?? false;
  }

  /**
   * Leaves what is on its way; answers with how many letters. They stay requested, unless one of them may be why the chain
   * broke: then they wait, or they would break it again and again.
   */
  async abandon(brokenBy: unknown): Promise<number> {
    this.stop();
    const wave = this.#wave;
    const letters = this.lane.ledger.abandon();
    this.lane.look();
    if (wave === undefined || brokenBy === undefined) return letters;
    const cause = causeOf(brokenBy);
    const outcomes = wave.letters.map(({ id }): ReplayOutcome => ({ id, outcome: 'failed', cause, attempts: 1 }));
    await this.parts.store.resolve(outcomes, this.parts.owner).catch((error: unknown) => this.parts.retried(error, 0));
    return letters;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        this.#held.clear();
        while (!this.#stopped && ((await this.#replaySome()) || (await this.#callFollowers())));
        if (!this.#stopped && this.parts.parked && this.parts.parked.size > 0) await this.parts.parked.sync();
        for (const key of this.#straight) if (!this.parts.parked?.has(key)) this.#straight.delete(key);
      }
      this.#troubles = 0;
      this.#tellHeld();
    } catch (error) {
      this.#troubles += 1;
      if (!this.parts.signal.aborted) this.parts.retried(error, this.#troubles);
    }
  }

  /** Says once, of what was asked for and does not happen, what it waits for. */
  #tellHeld(): void {
    if (this.#held.size === 0) this.#heldSince = undefined;
    else this.#heldSince ??= performance.now();
    if (this.#heldSince === undefined || performance.now() - this.#heldSince < PATIENCE_MS) return;
    this.#heldSince = Number.POSITIVE_INFINITY;
    const lanes = [...this.#held].slice(0, 5).join(', ');
    this.parts.setting.notice(
      `dead letters of lane ${lanes} are requested, and wait for the instance that holds it, or for it to come to where they failed`,
    );
  }

  /** Answers whether there may be more. */
  async #replaySome(): Promise<boolean> {
    const held = (lane: Lane) => this.#held.add(lane);
    const wave = await composeWave({ ...this.parts, straight: this.#straight, held });
    if (wave === undefined || this.#stopped) return false;
    if (wave.refused.length > 0) await this.#resolve(wave.refused);
    if (wave.letters.length === 0) return wave.refused.length > 0;
    this.#wave = wave;
    try {
      this.#send(wave);
      const { ledger } = this.lane;
      await this.lane.until(() => ledger.length === 0 || ledger.abandoned);
      if (ledger.abandoned || this.#left) return false;
      await this.#resolve(wave.outcomes());
      this.parts.replayed(wave.replayed.length);
      for (const { parked, event } of wave.replayed) if (parked && event.key !== undefined) this.#loose.add(event.key);
    } finally {
      this.#left = false;
      this.#wave = undefined;
    }
    return true;
  }

  #send(wave: Wave): void {
    const { parts, lane } = this;
    for (const { key } of wave.parkedEvents) if (key !== undefined) parts.parked?.learn(key);
    const runs = wave.byStage().map(({ stage, events }) => {
      this.#credits.take(0);
      return { stage, events, entry: lane.ledger.append(START, events.length, 0) };
    });
    for (const { stage, events, entry } of runs) parts.inject(events, entry, stage);
  }

  /** Events that only followed are replayed once nothing of their key is before them any more. Answers whether there are some. */
  async #callFollowers(): Promise<boolean> {
    const { store, pipeline, sink, owner } = this.parts;
    let called = 0;
    for (const key of [...this.#loose].slice(0, KEYS_OF_A_LOOK)) {
      this.#loose.delete(key);
      const waiting = await store.list({ pipeline, sink, key, status: 'waiting' });
      const ahead = waiting.findIndex(({ parked, attempts }) => !parked || attempts > 0);
      const ids = (ahead === -1 ? waiting : waiting.slice(0, ahead)).map(({ id }) => id);
      if (ids.length > 0) called += await store.request({ pipeline, sink, ids }, owner);
    }
    return called > 0;
  }

  async #resolve(outcomes: readonly ReplayOutcome[]): Promise<void> {
    const { store, owner, policy, signal, retried } = this.parts;
    await tryAgain(() => store.resolve(outcomes, owner), { policy, signal, retried });
  }
}

/** How long requested letters may wait until that is told, in milliseconds. */
const PATIENCE_MS = 60_000;

/** Keys whose followers are looked at together, at most. */
const KEYS_OF_A_LOOK = 100;

const START = { resume: '', within: 0 };

const NO_READER: LaneReader<unknown> = {
  lane: REPLAY_LANE,
  generation: 0n,
  async *frames() {},
  confirm: async () => {},
  revoked: new Promise(() => {}),
};
