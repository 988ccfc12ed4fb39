import { type Frame, type LaneReader, type Position, paddedPosition } from '@sluice/contracts';
import type { MemoryLog } from './memory-log.js';

/** What a lane over a memory log needs. */
export interface MemoryLaneParts<T> {
  readonly log: MemoryLog<T>;
  /** The event to begin with. */
  readonly from: number;
  /** The event before which all may have been forgotten. Default: none was. */
  readonly given?: number;
  readonly generation: bigint;
  /** Events of a batch. */
  readonly batch: number;
  /** What one event counts for, in bytes. */
  readonly bytesPerEvent: number;
  readonly maxBatchBytes: number;
  /** Places at which a batch must end. */
  readonly cuts?: readonly Position[] | undefined;
  readonly signal: AbortSignal;
  readonly confirmed: (upTo: number) => void;
}

/** Reads a memory log as a lane: `resume` is the number of the next event. */
export function memoryLane<T>(parts: MemoryLaneParts<T>): LaneReader<T> {
  const { log, signal, bytesPerEvent } = parts;
  const size = Math.max(1, Math.min(parts.batch, Math.floor(parts.maxBatchBytes / bytesPerEvent)));
  const cuts = (parts.cuts ?? []).map(eventAt);
  async function* frames(): AsyncGenerator<Frame<T>> {
    let at = parts.from;
    while (at < log.end ? !signal.aborted : await log.reaches(at, signal)) {
      const cut = cuts.find((place) => place > at) ?? Number.POSITIVE_INFINITY;
      const events = log.slice(at, Math.min(size, cut - at));
      at += events.length;
      yield { kind: 'batch', events, bytes: events.length * bytesPerEvent, position: memoryPosition(at) };
    }
  }
  return {
    lane: log.name,
    generation: parts.generation,
    confirmed: memoryPosition(parts.given ?? 0),
    frames,
    async confirm(upTo) {
      parts.confirmed(Number.parseInt(upTo.resume, 16));
    },
    revoked: new Promise(() => {}),
  };
}

/** The number of the event that `position` lies before. */
export function eventAt({ resume, within }: Position): number {
  return Number.parseInt(resume, 16) + within;
}

/** The position before event number `at`. */
export function memoryPosition(at: number): Position {
  return { resume: paddedPosition(at), within: 0 };
}

/** What the events between two positions count for, in bytes. */
export function memoryBytes(from: Position, to: Position, bytesPerEvent: number): number {
  return Math.max(0, eventAt(to) - eventAt(from)) * bytesPerEvent;
}
