import { build, type Histogram } from 'hdr-histogram-js';
import WebSocket from 'ws';
import type { LoadPlan } from './arguments.js';

/** What the browsers have seen. */
export interface WatcherReport {
  readonly open: number;
  readonly messages: number;
  /** Connections that were lost. */
  readonly lost: number;
  /** From the commit in the database to the arrival at a socket, in microseconds; both by the clock of this machine. */
  readonly latencies: Histogram;
}

/** Opens so many sockets at a time. */
const AT_ONCE = 50;

/** Browsers that follow documents. */
export class Watchers {
  private readonly sockets = new Set<WebSocket>();
  private readonly latencies = build({ numberOfSignificantValueDigits: 3 });
  private messages = 0;
  private lost = 0;
  private ending = false;

  /** Opens all of them. */
  async open(url: string, plan: LoadPlan, documents: readonly string[], token: string): Promise<void> {
    const origin = url.replace(/^http/, 'ws');
    const address = (index: number) =>
      index < plan.listSockets
        ? `${origin}/ws?channel=documents`
        : `${origin}/ws/${documents[index % documents.length]}`;
    for (let first = 0; first < plan.sockets; first += AT_ONCE) {
      const count = Math.min(AT_ONCE, plan.sockets - first);
      await Promise.all(Array.from({ length: count }, (_, index) => this.watch(address(first + index), token)));
    }
  }

  /** Counts from now on. */
  begin(): void {
    this.latencies.reset();
    this.messages = 0;
  }

  report(): WatcherReport {
    return { open: this.sockets.size, messages: this.messages, lost: this.lost, latencies: this.latencies };
  }

  close(): void {
    this.ending = true;
    for (const socket of this.sockets) socket.terminate();
  }

  private watch(address: string, token: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(address, ['bearer', token], { perMessageDeflate: false });
      socket.once('open', () => {
        this.sockets.add(socket);
        resolve();
      });
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => this.received(data.toString()));
      socket.once('close', () => {
        if (this.sockets.delete(socket) && !this.ending) this.lost += 1;
      });
    });
  }

  private received(text: string): void {
    const now = Date.now();
    const { type, timestamp } = JSON.parse(text) as { type: string; timestamp?: string };
    if (timestamp === undefined || type === 'connection.established') return;
    this.messages += 1;
    this.latencies.recordValue(Math.max(1, (now - Date.parse(timestamp)) * 1_000));
  }
}
