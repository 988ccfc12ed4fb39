import { ComponentError } from '@sluice/contracts';
import { allocate, i32, type WireBuffer } from './bytes.js';

/**
 * The reused buffer that chunks of the socket are copied to, and that messages are parsed in.
 *
 * Bytes between `head` and `tail` are unread. Whoever parses moves `head`; `append` may move the bytes, so nothing may
 * keep an offset across it. The buffer grows for a message that does not fit, up to `limit`, and shrinks once it is empty.
 */
export class Slab {
  buffer: WireBuffer;
  head = 0;
  tail = 0;
  readonly #capacity: number;
  readonly #limit: number;

  constructor(capacity: number, limit: number) {
    this.buffer = allocate(capacity);
    this.#capacity = capacity;
    this.#limit = limit;
  }

  /** Unread bytes. */
  get length(): number {
    return this.tail - this.head;
  }

  append(chunk: Uint8Array): void {
    if (this.head === this.tail) this.#rewind();
    if (this.tail + chunk.length > this.buffer.length) this.#makeRoom(chunk.length);
    this.buffer.set(chunk, this.tail);
    this.tail += chunk.length;
  }

  /**
   * The end of the message at `head`, or -1 while it is not here in full.
   *
   * @throws ComponentError `CDC_MESSAGE_TOO_LARGE`
   */
  messageEnd(): number {
    if (this.tail - this.head < 5) return -1;
    const length = i32(this.buffer, this.head + 1);
    if (length < 4 || length > this.#limit) this.#refuse(length);
    const end = this.head + 1 + length;
    return end <= this.tail ? end : -1;
  }

  /** Forgets what is unread: the connection that it came from is gone. */
  clear(): void {
    this.head = this.tail = 0;
    this.#rewind();
  }

  #refuse(length: number): never {
    if (length < 4)
      throw new ComponentError('CDC_PROTOCOL', 'a message has an impossible length', { details: { length } });
    throw new ComponentError('CDC_MESSAGE_TOO_LARGE', 'a message is larger than maxMessageBytes', {
      details: { bytes: length, maxMessageBytes: this.#limit },
    });
  }

  #rewind(): void {
    this.head = this.tail = 0;
    if (this.buffer.length > this.#capacity) this.buffer = allocate(this.#capacity);
  }

  #makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    const target = needed <= this.buffer.length ? this.buffer : allocate(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(target, 0, this.head, this.tail);
    this.buffer = target;
    this.tail -= this.head;
    this.head = 0;
  }
}
