import { FrameCount } from './frame-count.js';

/** What one client may send in a second. */
export interface InboundLimits {
  readonly maxMessagesPerSecond: number;
  readonly maxFramesPerSecond: number;
  readonly maxBytesPerSecond: number;
}

/** Beyond so many times a limit, the sender is not waiting for an answer any more. */
const FLOOD = 4;

/** Counts what one client sends, within windows of one second: messages and pings, and below them frames and bytes. */
export class InboundBudget {
  private readonly limits: InboundLimits;
  private readonly frameCount = new FrameCount();
  private windowStart = 0;
  private messages = 0;
  private frames = 0;
  private bytes = 0;

  constructor(limits: InboundLimits) {
    this.limits = limits;
  }

  /** Whether one more message, or ping, is within the limit. */
  message(): boolean {
    this.turn();
    this.messages += 1;
    return this.messages <= this.limits.maxMessagesPerSecond;
  }

  /** How bytes from the socket stand to the limits of frames and bytes. */
  chunk(bytes: Uint8Array): 'within' | 'above' | 'flood' {
    this.turn();
    this.frames += this.frameCount.add(bytes);
    this.bytes += bytes.length;
    const share = Math.max(this.frames / this.limits.maxFramesPerSecond, this.bytes / this.limits.maxBytesPerSecond);
    return share <= 1 ? 'within' : share <= FLOOD ? 'above' : 'flood';
  }

  private turn(): void {
    const now = performance.now();
    if (now - this.windowStart < 1_000) return;
    this.windowStart = now;
    this.messages = this.frames = this.bytes = 0;
  }
}
