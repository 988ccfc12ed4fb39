// Counts the text frames of a server in a stream of bytes, without looking into them.

export class FrameCounter {
  #onHeartbeat;
  /** Bytes of the frame's payload that are still to come. */
  #left = 0;
  /** Whether the frame that has not ended yet is a message. */
  #isMessage = false;
  /** A header of which only a part has come. */
  #header = EMPTY;

  /** `onHeartbeat` is given `ws` for a ping, `engine` for the one of socket.io: a text of one byte. */
  constructor(onHeartbeat) {
    this.#onHeartbeat = onHeartbeat;
  }

  /** How many messages end in these bytes. */
  count(chunk) {
    const bytes = this.#header.length > 0 ? Buffer.concat([this.#header, chunk]) : chunk;
    this.#header = EMPTY;
    let messages = 0;
    let at = 0;
    if (this.#left > 0) {
      at = Math.min(this.#left, bytes.length);
      this.#left -= at;
      if (this.#left > 0) return 0;
      messages += this.#isMessage ? 1 : 0;
    }
    while (at < bytes.length) {
      const length = bytes[at + 1];
      const header = length === undefined ? Number.POSITIVE_INFINITY : length < 126 ? 2 : length === 126 ? 4 : 10;
      if (bytes.length - at < header) {
        this.#header = Buffer.from(bytes.subarray(at));
        return messages;
      }
      const payload =
        header === 2 ? length : header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      const opcode = bytes[at] & 0x0f;
      this.#isMessage = opcode === 1 && payload > 1;
      if (opcode === 9) this.#onHeartbeat('ws');
      else if (opcode === 1 && payload === 1) this.#onHeartbeat('engine');
      at += header + payload;
      if (at <= bytes.length) messages += this.#isMessage ? 1 : 0;
      else this.#left = at - bytes.length;
    }
    return messages;
  }
}

const EMPTY = Buffer.alloc(0);
