/**
 * One thing that may have to move: a lane, the opening of the parts, the source's answer about its head.
 */
export interface Strand {
  readonly name: string;
  /** What it has got done, as a count that only grows; it starts anew when the parts are opened anew. */
  readonly done: number;
  /** What it has still to do and for what it waits, for a person; undefined when there is nothing to do. */
  readonly waits: string | undefined;
}

/** What the watchdog sees at one time. */
export interface Sample {
  /** On the monotonic clock, in milliseconds. */
  readonly atMs: number;
  /** Whether the parts are just being opened: strands that are missing then are as they were. */
  readonly opening: boolean;
  readonly strands: readonly Strand[];
}

/**
 * - `idle`: there is nothing to do.
 * - `working`: there is, and it gets done.
 * - `stalled`: there is, and nothing of it gets done.
 */
export type HealthStatus = 'idle' | 'working' | 'stalled';

/** What the watchdog makes of all it has seen. */
export interface Assessment {
  readonly atMs: number;
  readonly status: HealthStatus;
  /** Of a stall: which strand, and what it waits for. */
  readonly reason?: string;
  /** Of a stall: for how long nothing gets done, in milliseconds. Else 0. */
  readonly quietMs: number;
  readonly watched: ReadonlyMap<string, Watched>;
}

/** What is remembered of a strand. */
export interface Watched {
  readonly done: number;
  readonly waits: string | undefined;
  readonly seenMs: number;
  /** For how long it had something to do and got nothing done. */
  readonly quietMs: number;
  readonly stalled: boolean;
  /** While stalled: how often it moved again without standing still for `stallMs` in between. */
  readonly moves: number;
}

/** Moves that end a stall: one alone may be the last breath. */
const MOVES_TO_RECOVER = 2;

/** Before the first sample. */
export const UNSEEN: Assessment = { atMs: 0, status: 'idle', quietMs: 0, watched: new Map() };

/**
 * Whether a pipeline gets done what it has to do; a pure function of what was known and what is seen now.
 *
 * - A strand stalls when it has something to do and got nothing done for `stallMs`. How slowly it works does not matter.
 * - It has recovered when it has nothing more to do, or has moved twice with less than `stallMs` before each.
 * - Opening the parts anew is no progress: a strand that comes back is judged as if it had never been away. One that stays
 *   away for `stallMs` is forgotten.
 * - Between two samples no more than half of `stallMs` counts: a process that was frozen is given time to move.
 */
export function assess(before: Assessment, sample: Sample, stallMs: number): Assessment {
  const { atMs } = sample;
  const gapMs = Math.min(atMs - before.atMs, stallMs / 2);
  const watched = new Map<string, Watched>();
  const counted: [string, Watched][] = [];
  for (const strand of sample.strands) {
    const seen = look(before.watched.get(strand.name), strand, { atMs, gapMs, stallMs });
    watched.set(strand.name, seen);
    counted.push([strand.name, seen]);
  }
  for (const [name, known] of before.watched) {
    if (watched.has(name) || atMs - known.seenMs >= stallMs) continue;
    // One that is away is another's to move: when it comes back and moves, that is no stall that goes on.
    watched.set(name, sample.opening ? known : { ...known, stalled: false });
    if (sample.opening) counted.push([name, known]);
  }
  const stalls = counted.filter(([, { stalled }]) => stalled).sort(([, a], [, b]) => b.quietMs - a.quietMs);
  if (stalls[0] !== undefined) {
    const [name, { waits, quietMs }] = stalls[0];
    return { atMs, status: 'stalled', reason: `${name}: ${waits}`, quietMs, watched };
  }
  const working = counted.some(([, { waits }]) => waits !== undefined);
  return { atMs, status: working ? 'working' : 'idle', quietMs: 0, watched };
}

interface Now {
  readonly atMs: number;
  readonly gapMs: number;
  readonly stallMs: number;
}

function look(known: Watched | undefined, { done, waits }: Strand, { atMs, gapMs, stallMs }: Now): Watched {
  const seen = { done, waits, seenMs: atMs };
  // What it has to do now, it may have got only now.
  if (waits === undefined || known?.waits === undefined) return { ...seen, quietMs: 0, stalled: false, moves: 0 };
  const quietMs = known.quietMs + gapMs;
  if (done <= known.done) {
    return quietMs < stallMs && !known.stalled
      ? { ...seen, quietMs, stalled: false, moves: 0 }
      : { ...seen, quietMs, stalled: true, moves: known.moves };
  }
  const moves = quietMs < stallMs ? known.moves + 1 : 1;
  const stalled = known.stalled && moves < MOVES_TO_RECOVER;
  return { ...seen, quietMs: 0, stalled, moves: stalled ? moves : 0 };
}
