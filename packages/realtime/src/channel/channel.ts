import { Buffer } from 'node:buffer';
import type { Connection } from '../connection/connection.js';
import type { Window } from '../history/window.js';
import { leaveOut } from './skip.js';
import type { SlowPolicy, Subscription } from './subscription.js';
import { Tick } from './tick.js';

/**
 * Who gets what: an array of those who are live, and the frames of this tick that wait to be sent to them.
 *
 * One write for each delivery is nearly the whole cost of fan-out, so all the frames that are published to a channel within one
 * tick become one buffer, and each connection gets that buffer in one write. Who joins in the middle of a tick, or replays the past,
 * is kept apart until a tick begins with it: the others' buffer stays whole.
 */
export class Channel {
  readonly name: string;
  readonly slow: SlowPolicy;
  /** What is kept of the past; `undefined` without a history. */
  readonly window: Window | undefined;
  readonly live: Subscription[] = [];
  /** Everyone in the channel, live or not. */
  members = 0;
  /** The offset of the last message that was published; −1 for none. */
  head = -1;
  /** The offset of the last message that was sent; −1 for none. */
  sent = -1;
  /** Messages sent so far, to count by. */
  messages = 0;
  private joining: Set<Subscription> | undefined;
  private frames: Buffer[] = [];
  private offsets: number[] = [];
  private knownMembers: Buffer | undefined;

  constructor(name: string, slow: SlowPolicy, window: Window | undefined) {
    this.name = name;
    this.slow = slow;
    this.window = window;
  }

  /** Whether anybody waits for what is published. */
  get isHeard(): boolean {
    return this.live.length > 0 || this.joining !== undefined;
  }

  /** What frames get added for clients that are in several channels. */
  readonly tag = (): Buffer => {
    this.knownMembers ??= Buffer.from(`,"channel":${JSON.stringify(this.name)}`);
    return this.knownMembers;
  };

  /** Puts a connection in, apart at first: `goLive` follows. */
  join(connection: Connection, position: number): Subscription {
    this.members += 1;
    return { channel: this, connection, state: 'apart', index: -1, position, place: 0 };
  }

  /** Lets a subscription have what is published from now on, beyond its position; with `waiting`, also what waits to be sent. */
  goLive(subscription: Subscription, waiting = false): void {
    if (subscription.state !== 'apart') return;
    if (this.frames.length === 0 && this.head >= subscription.position) this.addLive(subscription);
    else {
      subscription.state = 'joining';
      subscription.place = waiting ? 0 : this.frames.length;
      this.addJoining(subscription);
    }
  }

  leave(subscription: Subscription): void {
    if (subscription.state === 'gone') return;
    this.setApart(subscription);
    subscription.state = 'gone';
    this.members -= 1;
  }

  /** Takes a subscription out of those who get what is published. */
  setApart(subscription: Subscription): void {
    if (subscription.state === 'live') this.removeLive(subscription);
    else if (subscription.state === 'joining') this.joining?.delete(subscription);
    subscription.state = 'apart';
  }

  /** Keeps a frame for the end of the tick. Returns true for the first one: then a flush is due. */
  add(frame: Buffer, offset: number): boolean {
    this.offsets.push(offset);
    return this.frames.push(frame) === 1;
  }

  /** Writes the frames that wait to everyone who is live; all of them share one buffer. */
  flush(): void {
    if (this.frames.length === 0) return;
    const tick = new Tick(this.frames, this.offsets, this.tag);
    this.frames = [];
    this.offsets = [];
    this.messages += tick.length;
    const { live } = this;
    // From the end, as one that is left out is replaced by the last.
    for (let at = live.length - 1; at >= 0; at--) this.deliver(live[at] as Subscription, tick, 0);
    if (this.joining !== undefined) this.flushJoining(this.joining, tick);
    this.sent = this.head;
  }

  private deliver(subscription: Subscription, tick: Tick, start: number): void {
    const { connection } = subscription;
    const bytes = tick.from(start, connection.tagged);
    if (this.slow === 'close' || connection.hasRoom(bytes.length)) connection.write(bytes, tick.length - start);
    else {
      const from = subscription.state === 'live' ? this.sent : subscription.position;
      leaveOut(subscription, from, this.messages - tick.length + start);
    }
  }

  private flushJoining(joining: ReadonlySet<Subscription>, tick: Tick): void {
    this.joining = undefined;
    for (const subscription of joining) {
      const start = tick.startAfter(subscription.position, subscription.place);
      subscription.place = 0;
      if (start < tick.length) this.deliver(subscription, tick, start);
      if (subscription.state !== 'joining') continue;
      if (this.head >= subscription.position) this.addLive(subscription);
      else this.addJoining(subscription);
    }
  }

  private addJoining(subscription: Subscription): void {
    this.joining ??= new Set();
    this.joining.add(subscription);
  }

  private addLive(subscription: Subscription): void {
    subscription.state = 'live';
    subscription.index = this.live.length;
    this.live.push(subscription);
  }

  /** Fills the gap with the last one. */
  private removeLive({ index }: Subscription): void {
    const last = this.live.pop() as Subscription;
    if (last.index === index) return;
    last.index = index;
    this.live[index] = last;
  }
}
