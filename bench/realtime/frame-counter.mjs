// Counts the text frames of a server in a stream of bytes, without looking into them.

export class FrameCounter {
  /** Bytes of the frame's payload that are still to come. */
  #left = 0;
  /** A header of which only a part has come. */
  #header = EMPTY;

  /** How many text frames end in these bytes; pings and pongs do not count. */
  count(chunk) {
    const bytes = this.#header.length > 0 ? Buffer.concat([this.#header, chunk]) : chunk;
    this.#header = EMPTY;
    let frames = 0;
    let at = 0;
    if (this.#left > 0) {
      at = Math.min(this.#left, bytes.length);
      this.#left -= at;
      if (this.#left > 0) return 0;
      frames += this.counts ? 1 : 0;
    }
    while (at < bytes.length) {
      const length = bytes[at + 1];
      const header = length === undefined ? Number.POSITIVE_INFINITY : length < 126 ? 2 : length === 126 ? 4 : 10;
      if (bytes.length - at < header) {
        this.#header = Buffer.from(bytes.subarray(at));
        return frames;
      }
      const payload =
        header === 2 ? length : header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      this.counts = (bytes[at] & 0x0f) === 1;
      at += header + payload;
      if (at <= bytes.length) frames += this.counts ? 1 : 0;
      else this.#left = at - bytes.length;
    }
    return frames;
  }

  /** Whether the frame that has not ended yet is a text. */
  counts = false;
}

const EMPTY = Buffer.alloc(0);
