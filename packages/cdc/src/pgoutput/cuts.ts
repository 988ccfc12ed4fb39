import type { Position } from '@sluice/contracts';

/** A position of the stream, as numbers. */
export interface Place {
  /** A log position. */
  readonly resume: number;
  readonly within: number;
}

/**
 * The places at which a frame must end, ascending: other sinks of the pipeline stand there, and are given no event twice.
 *
 * Each is the position of a frame of an earlier session: within a transaction, at the end of one, or where the server had
 * nothing for us.
 */
export class Cuts {
  readonly #places: Place[];

  constructor(cuts: readonly Position[], start: Place) {
    this.#places = cuts
      .map(({ resume, within }) => ({ resume: Number.parseInt(resume, 16), within }))
      .filter((cut) => compare(cut, start) > 0);
  }

  /** The first that lies ahead. */
  get next(): Place | undefined {
    return this.#places[0];
  }

  /** Whether `place` is the next one, or lies behind it. */
  reached(place: Place): boolean {
    return this.next !== undefined && compare(place, this.next) >= 0;
  }

  /** A frame has ended at `place`. */
  passed(place: Place): void {
    while (this.reached(place)) this.#places.shift();
  }
}

function compare(a: Place, b: Place): number {
  return a.resume === b.resume ? a.within - b.within : a.resume - b.resume;
}
