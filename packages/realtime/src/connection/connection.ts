import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Subscription } from '../channel/subscription.js';
import { encodeMessage } from '../frame/encode-message.js';
import { MARKER_FRAME } from '../frame/text-frame.js';
import { CLOSE_TOO_SLOW } from '../hub/close-codes.js';
import type { HubCounters } from '../hub/stats.js';

/**
 * One client, and the only place that writes to its socket.
 *
 * Frames are written whole and straight to the socket, past `ws`: the same buffer goes to every client. That is sound because no
 * compression is negotiated and `ws` writes each of its own frames (a close, that is) in one go.
 *
 * A client that does not read costs at most `maxBufferedBytes` and nothing to others: what would go above it is not written, and
 * the connection is closed with 4008. What a client with nothing waiting gets in one tick is always written.
 */
export class Connection {
  readonly ws: WebSocket;
  readonly subscriptions: Subscription[] = [];
  /** Whether anything came from the client since the last ping. */
  alive = true;
  /** Whether it is in several channels, so that messages have to say which one they are of. */
  tagged = false;
  /** How often somebody waited for this client in vain since it last kept up; see `flushed`. */
  waitedInVain = 0;
  readonly maxBufferedBytes: number;
  readonly counters: HubCounters;
  private readonly socket: Duplex;
  private waiting: Set<() => void> | undefined;

  constructor(ws: WebSocket, socket: Duplex, maxBufferedBytes: number, counters: HubCounters) {
    this.ws = ws;
    this.socket = socket;
    this.maxBufferedBytes = maxBufferedBytes;
    this.counters = counters;
  }

  /** Bytes that the operating system has not taken yet. */
  get buffered(): number {
    return this.socket.writableLength;
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  /** Whether so many bytes may be added without filling more than half of the cap; true when nothing waits. */
  hasRoom(bytes: number): boolean {
    const waiting = this.socket.writableLength;
    return waiting === 0 || waiting + bytes <= this.maxBufferedBytes / 2;
  }

  /** Resolves when the operating system has taken all that was written before, or the client is gone. */
  drained(): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (error?: Error | null) => {
        if (!this.waiting?.delete(done)) return;
        // It reads, if slowly: that is a sign of life as good as an answer to a ping, which may be far behind.
        if (!error && this.isOpen) this.alive = true;
        resolve();
      };
      this.waiting ??= new Set();
      this.waiting.add(done);
      this.socket.write(MARKER_FRAME, done);
    });
  }

  /** The client is gone: nobody waits for it any longer. */
  ended(): void {
    for (const done of this.waiting ?? []) done();
  }

  close(code: number, reason: string): void {
    this.ws.close(code, reason);
  }

  /** Hands whole frames to the socket, which hold so many messages. */
  write(frames: Buffer, messages: number): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    const waiting = this.socket.writableLength;
    if (waiting > 0 && waiting + frames.length > this.maxBufferedBytes) {
      this.counters.dropped += messages;
      this.counters.tooSlow += 1;
      this.ws.close(CLOSE_TOO_SLOW, 'reader too slow');
      return;
    }
    this.socket.write(frames);
    this.counters.sent += messages;
  }

  /** Sends a message to this client alone, at once. */
  send(message: unknown): void {
    this.write(encodeMessage(message), 1);
  }
}
