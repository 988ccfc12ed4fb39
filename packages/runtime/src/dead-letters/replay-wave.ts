import {
  ComponentError,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterStore,
  type Envelope,
  type Lane,
  type Position,
  type ReplayOutcome,
} from '@sluice/contracts';
import type { Failure } from '../delivery/delivery.js';
import { causeOf } from '../retry/failure-class.js';

/** What decides which letters are next. */
export interface WaveParts {
  readonly store: DeadLetterStore;
  readonly pipeline: string;
  readonly sink: string;
  /** The names of the stages, the sink last. */
  readonly stages: readonly string[];
  /** Whether the letters of a lane are ours to replay, and not another instance's. */
  readonly ours: (lane: Lane) => Promise<boolean>;
  /**
   * Whether everything that came up to this position of a lane is settled: only then is every earlier event of a letter's key
   * in the sink or in the store.
   */
  readonly reached: (lane: Lane, position: Position) => boolean;
  /** Letters of this lane are requested, and can't be replayed here yet. */
  readonly held: (lane: Lane) => void;
  /** Keys whose letters are known to be stored in the order of their events. */
  readonly straight: Set<string>;
}

/**
 * The next letters that may be replayed at once: of each key its oldest and, where none of them has failed itself, those behind
 * it that enter at the same stage. Undefined when there are none that are ours.
 *
 * One that has failed goes alone: were it refused again, a sink that takes a part of a write would have its followers first.
 */
export async function composeWave(parts: WaveParts): Promise<Wave | undefined> {
  const { store, pipeline, sink } = parts;
  const lanes = new Map<string, boolean>();
  for (let after: string | undefined; ; ) {
    const letters = await store.list({
      pipeline,
      sink,
      status: 'requested',
      ...(after === undefined ? {} : { after }),
    });
    const ours: DeadLetter[] = [];
    for (const letter of letters) {
      if (!lanes.has(letter.lane)) lanes.set(letter.lane, await parts.ours(letter.lane));
      if (lanes.get(letter.lane)) ours.push(letter);
      else parts.held(letter.lane);
    }
    const wave = await chosen(inKeyOrder(ours), parts);
    if (wave.letters.length > 0 || wave.refused.length > 0) return wave;
    after = letters.at(-1)?.id;
    if (after === undefined) return undefined;
  }
}

async function chosen(letters: readonly DeadLetter[], parts: WaveParts): Promise<Wave> {
  const { stages } = parts;
  const wave = new Wave();
  /** The stage at which a key's run enters; undefined when the run is over. */
  const runs = new Map<string, string | undefined>();
  const held = new Set<string>();
  for (const letter of letters) {
    const { event, parked, stage, attempts } = letter;
    const { key } = event;
    if (key !== undefined && runs.has(key) && (attempts > 0 || runs.get(key) !== stage)) {
      runs.set(key, undefined);
      continue;
    }
    if (key !== undefined && (held.has(key) || (parked && !parts.reached(letter.lane, letter.position)))) {
      held.add(key);
      parts.held(letter.lane);
      continue;
    }
    const before =
      parked && key !== undefined && !runs.has(key) ? await whatComesBefore(letter, key, parts) : undefined;
    if (before === 'requested') held.add(key as string);
    else if (before === 'waiting') wave.refused.push(mustWait(letter));
    else if (!stages.includes(stage)) {
      wave.refused.push(unknownStage(letter));
      if (parked && key !== undefined) held.add(key);
    } else {
      if (key !== undefined) runs.set(key, attempts > 0 ? undefined : stage);
      wave.letters.push(letter);
      wave.stages.set(letter, stages.indexOf(stage));
    }
  }
  return wave;
}

/**
 * Whether a parked letter of the key comes before this one: by its place in the store (it has failed again, say) or by its
 * event's version (it failed in a later stage when this one was stored already). One that waits, or else one that is requested:
 * that one is on a later page of the store, and comes first all the same.
 */
async function whatComesBefore(
  letter: DeadLetter,
  key: string,
  parts: WaveParts,
): Promise<'waiting' | 'requested' | undefined> {
  const { store, pipeline, sink, straight } = parts;
  const of = { pipeline, sink, key };
  // In this order: somebody may request meanwhile what waits; what is requested comes back by our own doing alone.
  for (const status of straight.has(key) ? OPEN : []) {
    const [first] = await store.list({ ...of, status, limit: 1 });
    if (first?.parked !== true || !comesBefore(first, letter)) continue;
    if (isOlder(first, letter)) return status;
    // A source that keeps no order: what followed was stored out of it.
    straight.delete(key);
  }
  if (straight.has(key)) return undefined;
  const open = [
    ...(await allOf({ ...of, status: 'waiting' }, store)),
    ...(await allOf({ ...of, status: 'requested' }, store)),
  ];
  open.sort((a, b) => (comesBefore(a, b) ? -1 : 1));
  if (open.every((one, at) => at === 0 || !isOlder(one, open[at - 1] as DeadLetter))) straight.add(key);
  const older = open.filter((other) => isOlder(other, letter));
  if (older.some(({ status }) => status === 'waiting')) return 'waiting';
  return older.length > 0 ? 'requested' : undefined;
}

const OPEN = ['waiting', 'requested'] as const;

/** All parked letters that are meant. */
async function allOf(filter: DeadLetterFilter, store: DeadLetterStore): Promise<readonly DeadLetter[]> {
  const all: DeadLetter[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.list({ ...filter, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const letter of page) if (letter.parked) all.push(letter);
    after = page.at(-1)?.id;
    if (page.length < PAGE) return all;
  }
}

/** Letters that are read at once where all of a key must be looked at. */
const PAGE = 1_000;

function isOlder(a: DeadLetter, b: DeadLetter): boolean {
  const [one, other] = [a.event.version, b.event.version];
  if (one.epoch !== other.epoch || one.value === other.value) return comesBefore(a, b);
  return one.value < other.value;
}

/** Letters that are on their way together, and what becomes of them. */
export class Wave {
  readonly letters: DeadLetter[] = [];
  readonly stages = new Map<DeadLetter, number>();
  /** Those that can't be replayed. */
  readonly refused: ReplayOutcome[] = [];
  readonly #failed = new Map<DeadLetter, { cause: unknown; attempts: number }>();
  /** The keys of parked letters that failed, with the stage. */
  readonly #keys = new Map<string, number>();

  get anyFailed(): boolean {
    return this.#failed.size > 0;
  }

  get parkedEvents(): readonly Envelope<unknown>[] {
    return this.letters.filter(({ parked }) => parked).map(({ event }) => event);
  }

  /** Those that did not fail again. */
  get replayed(): readonly DeadLetter[] {
    return this.letters.filter((letter) => !this.#failed.has(letter));
  }

  byStage(): readonly { readonly stage: number; readonly events: readonly Envelope<unknown>[] }[] {
    const runs = new Map<number, Envelope<unknown>[]>();
    for (const [letter, stage] of this.stages) {
      const run = runs.get(stage);
      if (run) run.push(letter.event);
      else runs.set(stage, [letter.event]);
    }
    return [...runs].map(([stage, events]) => ({ stage, events }));
  }

  /** One event of a letter failed. Of one that no letter can be found for, all of them count as failed: better twice than never. */
  failed({ event, cause }: Failure, attempts: number, stage: number): void {
    const own = this.letters.filter((letter) => isOf(event, letter));
    for (const letter of own.length > 0 ? own : this.letters) {
      const before = this.#failed.get(letter);
      this.#failed.set(letter, { cause, attempts: Math.max(attempts, before?.attempts ?? 0) });
      const { key } = letter.event;
      if (letter.parked && key !== undefined) this.#keys.set(key, stage);
    }
  }

  /** Whether an event of the key that comes to a stage follows one that failed. */
  holds(key: string, stage: number): boolean {
    const failedAt = this.#keys.get(key);
    return failedAt !== undefined && stage <= failedAt;
  }

  outcomes(): readonly ReplayOutcome[] {
    return this.letters.map((letter): ReplayOutcome => {
      const { id } = letter;
      const failed = this.#failed.get(letter);
      if (failed === undefined) return { id, outcome: 'replayed' };
      return { id, outcome: 'failed', cause: causeOf(failed.cause), attempts: failed.attempts };
    });
  }
}

/** Whether an event is that of the letter, or was made of it. */
function isOf(event: Envelope<unknown>, letter: DeadLetter): boolean {
  const { id } = letter.event;
  return event.id === id || event.id.startsWith(`${id}#`);
}

/**
 * The letters with those of each key by their events' versions, where they can be compared: an earlier event may have failed
 * later, in a stage further on.
 */
function inKeyOrder(letters: readonly DeadLetter[]): readonly DeadLetter[] {
  const byKey = new Map<string, { places: number[]; letters: DeadLetter[] }>();
  for (const [at, letter] of letters.entries()) {
    const { key } = letter.event;
    if (key === undefined) continue;
    const group = byKey.get(key) ?? { places: [], letters: [] };
    byKey.set(key, group);
    group.places.push(at);
    group.letters.push(letter);
  }
  const ordered = [...letters];
  for (const { places, letters: group } of byKey.values()) {
    const versions = group.map(({ event }) => event.version);
    if (group.length < 2 || versions.some(({ epoch }) => epoch !== versions[0]?.epoch)) continue;
    const sorted = group.map((letter, at) => ({ letter, value: versions[at]?.value ?? 0n }));
    sorted.sort((a, b) => (a.value === b.value ? 0 : a.value < b.value ? -1 : 1));
    for (const [at, { letter }] of sorted.entries()) ordered[places[at] as number] = letter;
  }
  return ordered;
}

function comesBefore({ id }: DeadLetter, { id: other }: DeadLetter): boolean {
  return id.length === other.length ? id < other : id.length < other.length;
}

/** A letter that must wait for an earlier one of its key. Why it is there stays as it was. */
function mustWait({ id, cause }: DeadLetter): ReplayOutcome {
  return { id, outcome: 'failed', cause, attempts: 0 };
}

function unknownStage({ id, stage }: DeadLetter): ReplayOutcome {
  const cause = causeOf(new ComponentError('DEAD_LETTER_STAGE_UNKNOWN', `the pipeline has no ${stage}`));
  return { id, outcome: 'failed', cause, attempts: 0 };
}
