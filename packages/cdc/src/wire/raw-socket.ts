import type { Socket } from 'node:net';
import { ComponentError } from '@sluice/contracts';
import type pg from 'pg';
import { HotReads } from './hot-reads.js';
import { Slab } from './slab.js';

const SLAB_BYTES = 1024 * 1024;
/** With this much unread and nobody waiting, nothing more is taken off the socket. */
const HIGH_WATER = 256 * 1024;
const LOW_WATER = 64 * 1024;

export interface RawSocketOptions {
  readonly maxMessageBytes: number;
  /** How long a hot reader lets bytes gather; 0 turns it off. */
  readonly coalesceMs: number;
}

/**
 * The socket of a `pg` client, taken over when the client is idle: from here on its bytes come to us.
 *
 * Connecting, TLS and authentication are `pg`'s work. The bytes are copied to a {@link Slab}; while that holds enough, the
 * socket is paused, so that no more than a buffer of fixed size is read ahead of whoever parses it.
 */
export class RawSocket {
  readonly slab: Slab;
  /** Milliseconds of the monotonic clock. */
  lastByteAt = performance.now();
  readonly #socket: Socket;
  readonly #hot: HotReads;
  readonly #coalesceMs: number;
  #failure: ComponentError | undefined;
  #paused = false;
  #napping = false;
  #news = false;
  #wake: (() => void) | undefined;

  constructor(client: pg.Client, options: RawSocketOptions) {
    this.slab = new Slab(SLAB_BYTES, options.maxMessageBytes);
    this.#coalesceMs = options.coalesceMs;
    this.#hot = new HotReads();
    this.#socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
    this.#socket.removeAllListeners('data');
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (cause) => this.#fail(cause));
    this.#socket.on('close', () => this.#fail(undefined));
    if (this.#socket.destroyed) this.#fail(undefined);
  }

  /** Why nothing more will come. What is in the slab can still be parsed. */
  get failure(): ComponentError | undefined {
    return this.#failure;
  }

  /** Reading was stopped because nobody parses. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Sends a Query message (Postgres 18, protocol-message-formats). */
  query(sql: string): void {
    const text = Buffer.from(sql, 'utf8');
    const message = Buffer.alloc(text.length + 6);
    message[0] = 0x51;
    message.writeInt32BE(text.length + 5, 1);
    text.copy(message, 5);
    this.write(message);
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Resolves when bytes have come, the socket has failed, or someone has called `nudge`. Reading goes on meanwhile. */
  news(): Promise<void> {
    this.proceed();
    if (this.#news || this.#failure) {
      this.#news = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Lets whoever waits for news look again. */
  nudge(): void {
    this.#news = true;
    const wake = this.#wake;
    if (!wake) return;
    this.#wake = undefined;
    this.#news = false;
    wake();
  }

  /** Reads on, if it had stopped because the slab was full and it is not any more. */
  proceedIfLow(): void {
    if (this.slab.length < LOW_WATER) this.proceed();
  }

  /** Reads on, if it had stopped because the slab was full. */
  proceed(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // While it was stopped nothing could be heard; the silence counts from here.
    this.lastByteAt = performance.now();
    if (!this.#napping) this.#socket.resume();
  }

  /** Ends it: the last words are sent, then the connection is closed. */
  close(lastWords?: Uint8Array): void {
    this.#fail(undefined);
    if (lastWords && this.#socket.writable) this.#socket.end(Buffer.concat([lastWords, TERMINATE]));
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), lastWords ? 500 : 0);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #receive(chunk: Buffer): void {
    if (this.#failure) return;
    this.lastByteAt = performance.now();
    this.slab.append(chunk);
    if (this.#coalesceMs > 0 && this.#hot.note(this.lastByteAt)) this.#nap();
    if (this.#wake) this.nudge();
    else {
      this.#news = true;
      if (this.slab.length >= HIGH_WATER) this.#pause();
    }
  }

  #pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  /** The walsender sends once for each change and wakes us each time; left alone for a moment it fills the buffers. */
  #nap(): void {
    if (this.#napping) return;
    this.#napping = true;
    this.#socket.pause();
    setTimeout(() => {
      this.#napping = false;
      if (!this.#paused) this.#socket.resume();
    }, this.#coalesceMs);
  }

  #fail(cause: unknown): void {
    if (this.#failure) return;
    const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'closed';
    this.#failure = new ComponentError('CDC_CONNECTION_LOST', 'the connection was closed', {
      details: { reason },
      cause,
    });
    this.nudge();
  }
}

const TERMINATE = Uint8Array.of(0x58, 0, 0, 0, 4);
