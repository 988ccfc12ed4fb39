import {
  comparePositions,
  type Frame,
  type LaneReader,
  type Position,
  type Revocation,
  type SourceFeatures,
} from '@sluice/contracts';
import { gate } from './gate.js';
import type { HeldLease } from './held-lease.js';

/** A lane that is read under a lease. */
export interface LeasedLane<T> {
  readonly reader: LaneReader<T>;
  /** Asks for the lane back; what is in flight has `leftMs` milliseconds to settle. */
  revoke(leftMs: number): void;
  /** Resolves when nothing more of it will be read or confirmed, because it was given back or has ended. */
  readonly gone: Promise<'given back' | 'ended'>;
  /** The session is closed: whoever waits for the lane is let go. */
  close(): void;
}

/**
 * Puts a lane under a lease: nothing is passed on or confirmed but while the lease is ours, and it is revoked when the lease comes
 * to an end. Its generation grows with the fence. It has ended when all that it had was confirmed, or, where events are acked singly,
 * read.
 */
export function leasedLane<T>(inner: LaneReader<T>, held: HeldLease, ack: SourceFeatures['ack']): LeasedLane<T> {
  let last: Position | undefined;
  let confirmed: Position | undefined;
  let over = false;
  let readOut = false;
  const gone = gate<'given back' | 'ended'>();
  const revocation = gate<Revocation>();
  const leave = (how: 'given back' | 'ended') => {
    over = true;
    gone.keep(how);
  };
  const lookForEnd = () => {
    if (!readOut) return;
    if (ack === 'individual' || last === undefined || (confirmed && comparePositions(confirmed, last) >= 0))
      leave('ended');
  };
  const done = () => leave('given back');
  const revoke = (leftMs: number) => revocation.keep({ deadline: Date.now() + leftMs, done });
  void held.ending.then(revoke);
  void inner.revoked.then(({ deadline, done: innerDone }) => {
    const both = () => {
      innerDone();
      done();
    };
    revocation.keep({ deadline, done: both });
  });

  async function* frames(): AsyncGenerator<Frame<T>> {
    for await (const frame of inner.frames()) {
      if (!held.live || over) break;
      last = frame.position;
      yield frame;
      if (!held.live || over) break;
    }
    if (held.live && !over) {
      readOut = true;
      lookForEnd();
    }
    // One that was lost ends only once the reader knows: else it would seem that there is no more to read.
    else await gone.promise;
  }

  return {
    reader: {
      lane: inner.lane,
      generation: (held.fence << 64n) + BigInt.asUintN(64, inner.generation),
      ...(inner.confirmed ? { confirmed: inner.confirmed } : {}),
      ...(inner.start ? { start: inner.start } : {}),
      ...(inner.after ? { after: inner.after } : {}),
      frames,
      async confirm(upTo) {
        if (!held.live || over) return;
        await inner.confirm(upTo);
        confirmed = upTo;
        lookForEnd();
      },
      revoked: revocation.promise,
    },
    revoke,
    gone: gone.promise,
    close: () => leave('given back'),
  };
}
