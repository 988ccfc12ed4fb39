import type { Faults } from './faults.js';

/**
 * Inverts the bytes that `corrupt` asks for, in place: over a connection, the choice depends on the random numbers and the
 * bytes' offsets alone, not on how they were cut into chunks.
 */
export class Corruption {
  readonly #random: () => number;
  #probability = 0;
  /** Distance to the next byte that is hit. */
  #next = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  apply(bytes: Buffer, offset: number, corrupt: Faults['corrupt']): void {
    if (corrupt === undefined) return;
    if ('at' in corrupt) {
      const index = corrupt.at - offset;
      if (index >= 0 && index < bytes.length) invert(bytes, index);
      return;
    }
    if (this.#probability !== corrupt.probability) {
      this.#probability = corrupt.probability;
      this.#next = this.#gap();
    }
    while (this.#next < bytes.length) {
      invert(bytes, this.#next);
      this.#next += 1 + this.#gap();
    }
    this.#next -= bytes.length;
  }

  /** How many bytes are spared until the next hit: the geometric distribution, one draw per hit. */
  #gap(): number {
    if (this.#probability === 1) return 0;
    return Math.floor(Math.log(1 - this.#random()) / Math.log(1 - this.#probability));
  }
}

function invert(bytes: Buffer, index: number): void {
  bytes[index] = (bytes[index] as number) ^ 0xff;
}

/** How many of `left` bytes go into the next segment. */
export function segmentBytes(faults: Faults, left: number, random: () => number): number {
  const { splitBytes, bytesPerSecond } = faults;
  let most = left;
  if (splitBytes !== undefined) most = Math.min(most, 1 + Math.floor(random() * Math.floor(splitBytes)));
  // A slow line is fed 20 times a second, not with a second's worth at once.
  if (bytesPerSecond !== undefined) most = Math.min(most, Math.max(1, Math.floor(bytesPerSecond / 20)));
  return most;
}
