import { comparePositions, type Lane, type Position } from '@sluice/contracts';
import type { StageReport } from '../custody/custody.js';
import type { LaneRun } from '../lane/lane-run.js';
import type { Entry } from '../settlement/ledger.js';
import type { Strand } from './assess.js';

/** What the strands of an open source are read from. */
export interface StrandParts {
  readonly lanes: {
    all(): Iterable<LaneRun>;
    get(lane: Lane): LaneRun | undefined;
    isOver(lane: Lane): boolean;
  };
  readonly stages: () => readonly StageReport[];
  /** Whether a batch is held back by an operator that is there for that: one that paces, or gathers. */
  readonly heldOnPurpose: (entry: Entry) => boolean;
  /** Where the source's lanes end now; undefined where positions say nothing (individual acks). */
  readonly head: (() => Promise<ReadonlyMap<Lane, Position>>) | undefined;
  /** The least time between two questions for the head, in milliseconds. */
  readonly headEveryMs: number;
}

/**
 * What has to move while a source and a sink are open: each lane, and, while no lane has anything to do, the source's answer
 * about its head. A lane that stands still while the head is further on has been left alone by its source.
 */
export class Strands {
  #head: ReadonlyMap<Lane, Position> = new Map();
  #asked = Number.NEGATIVE_INFINITY;
  #answers = 0;
  #waiting = false;

  constructor(private readonly parts: StrandParts) {}

  look(): readonly Strand[] {
    const { lanes } = this.parts;
    const stages = this.parts.stages();
    const strands = [...lanes.all()].map((run) => strandOf(run, this.#head.get(run.lane), stages, this.parts));
    for (const lane of this.#head.keys()) {
      if (lanes.get(lane) || lanes.isOver(lane)) continue;
      strands.push({ name: `lane ${lane}`, done: 0, waits: 'the source has events in it and does not announce it' });
    }
    if (strands.every(({ waits }) => waits === undefined)) this.#ask();
    const waits = this.#waiting ? 'the source does not say where it ends' : undefined;
    return [...strands, { name: 'head', done: this.#answers, waits }];
  }

  #ask(): void {
    const now = performance.now();
    if (this.parts.head === undefined || this.#waiting || now - this.#asked < this.parts.headEveryMs) return;
    this.#asked = now;
    this.#waiting = true;
    const answered = (head: ReadonlyMap<Lane, Position>) => {
      this.#head = head;
      this.#answers += 1;
      this.#waiting = false;
    };
    // A source that fails to answer is not silent: what breaks it ends the reading of its lanes too.
    this.parts.head().then(answered, () => answered(new Map()));
  }
}

function strandOf(
  run: LaneRun,
  head: Position | undefined,
  stages: readonly StageReport[],
  parts: StrandParts,
): Strand {
  return { name: `lane ${run.lane}`, done: run.done, waits: waitsFor(run, head, stages, parts) };
}

function waitsFor(
  run: LaneRun,
  head: Position | undefined,
  stages: readonly StageReport[],
  { lanes, heldOnPurpose }: StrandParts,
): string | undefined {
  const { reached } = run;
  const { length, oldestOpen } = run.ledger;
  const onPurpose = oldestOpen !== undefined && heldOnPurpose(oldestOpen);
  if (length > 0 && !onPurpose) {
    const holders = stages.filter(({ held }) => held > 0).map(({ name, held }) => `${name} holds ${held}`);
    return [`${length} batches are not settled`, ...holders].join(', ');
  }
  if (run.unstored !== undefined) return 'its checkpoint is not stored';
  if (onPurpose) return undefined;
  if (run.deferred) return missingBefore(run, lanes);
  if (head === undefined) return undefined;
  if (reached !== undefined && comparePositions(reached, head) >= 0) return undefined;
  return 'the source has more events and delivers none';
}

/** A lane that others come before waits for nothing while one of them is there: that one's own strand tells. */
function missingBefore({ reader }: LaneRun, lanes: StrandParts['lanes']): string | undefined {
  const before = (reader.after ?? []).filter((lane) => !lanes.isOver(lane));
  if (before.length === 0 || before.some((lane) => lanes.get(lane) !== undefined)) return undefined;
  return `it comes after lane ${before[0]}, which the source does not announce`;
}
