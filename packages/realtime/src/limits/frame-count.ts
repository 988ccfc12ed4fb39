/**
 * Counts the frames that arrive on a socket, also those that make no event: parts of messages, empty ones among them, and pongs.
 *
 * It walks the headers alone (RFC 6455, section 5.2) and leaves every judgement of them to the WebSocket itself.
 */
export class FrameCount {
  /** Bytes of masking key and payload that are still to come. */
  private rest = 0;
  /** How many bytes of the header were seen. */
  private seen = 0;
  /** How many bytes of the extended length are still to come. */
  private more = 0;
  private length = 0;
  private mask = 0;

  /** How many frames begin in this chunk. */
  add(chunk: Uint8Array): number {
    let frames = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.rest > 0) {
        const step = Math.min(this.rest, chunk.length - at);
        this.rest -= step;
        at += step;
      } else {
        if (this.seen === 0) frames += 1;
        this.header(chunk[at++] as number);
      }
    }
    return frames;
  }

  private header(byte: number): void {
    this.seen += 1;
    if (this.seen === 1) return;
    if (this.seen === 2) {
      this.mask = byte & 0x80 ? 4 : 0;
      const length = byte & 0x7f;
      this.more = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.length = this.more === 0 ? length : 0;
    } else {
      this.length = this.length * 256 + byte;
      this.more -= 1;
    }
    if (this.more > 0) return;
    this.rest = this.length + this.mask;
    this.seen = 0;
  }
}
