import {
  type BatchFrame,
  type Frame,
  type Lane,
  type LaneReader,
  type Position,
  paddedPosition,
  type Revocation,
  type Sink,
  type Source,
  type SourceContext,
  type SourceFeatures,
} from '@sluice/contracts';
import { type Numbered, numbered } from './events.js';

/** A promise that is kept from outside. */
export function gate<T = void>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((keep) => {
    resolve = keep;
  });
  return { promise, resolve };
}

/** The position after `count` events. */
export const at = (count: number): Position => ({ resume: paddedPosition(count), within: 0 });

/** Where a test's positions stand, as a number. */
export const place = (position: Position | undefined): number => Number.parseInt(position?.resume ?? '0', 16);

/** Events `from` to `to` (left out) of `lane`, as one batch. */
export function batchOf(lane: Lane, from: number, to: number): BatchFrame<Numbered> {
  const events = Array.from({ length: to - from }, (_, n) => numbered(lane, from + n));
  return { kind: 'batch', events, bytes: 100 * Math.max(1, events.length), position: at(to) };
}

/** A lane that yields what `frames` does, and remembers what was confirmed. */
export function scriptedLane(
  lane: Lane,
  frames: () => AsyncIterable<Frame<Numbered>>,
  more: Partial<LaneReader<Numbered>> = {},
) {
  const confirmed: number[] = [];
  const revocation = gate<Revocation>();
  return {
    lane,
    generation: 1n,
    frames,
    confirmed: more.confirmed,
    confirmations: confirmed,
    confirm: async (upTo: Position) => void confirmed.push(place(upTo)),
    revoked: revocation.promise,
    /** Takes the lane away; resolves when it was given back. */
    revoke: (deadlineMs: number) =>
      new Promise<void>((done) => revocation.resolve({ deadline: Date.now() + deadlineMs, done })),
    ...more,
  } as unknown as LaneReader<Numbered> & { confirmations: number[]; revoke(deadlineMs: number): Promise<void> };
}

/** A source whose lanes are made by `lanes` at each opening. */
export function scriptedSource(
  lanes: (ctx: SourceContext, closed: AbortSignal) => AsyncIterable<LaneReader<Numbered>>,
  more: {
    head?: () => Promise<ReadonlyMap<Lane, Position>>;
    features?: SourceFeatures;
    dispose?: () => Promise<void>;
  } = {},
): Source<Numbered> & { openings: number } {
  const source = {
    name: 'scripted',
    features: more.features ?? ({ ack: 'cumulative', replayable: true } as const),
    openings: 0,
    async open(ctx: SourceContext) {
      source.openings += 1;
      const closed = new AbortController();
      return {
        identity: 'scripted',
        lanes: () => lanes(ctx, closed.signal),
        head: more.head ?? (async () => new Map()),
        async [Symbol.asyncDispose]() {
          closed.abort();
          await more.dispose?.();
        },
      };
    },
  };
  return source;
}

/** Resolves when `signal` is aborted: what a lane without news waits for. */
export function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
}

/** A source of one lane with these events, which stays open. */
export const batches = (count: number, size = 5): Source<Numbered> =>
  scriptedSource(async function* (_, closed) {
    yield scriptedLane('a', async function* () {
      for (let n = 0; n < count; n++) yield batchOf('a', n * size, (n + 1) * size);
      await until(closed);
    });
    await until(closed);
  });

/** A sink whose `write` is given. */
export function sinkOf(
  write: Awaited<ReturnType<Sink<Numbered>['open']>>['write'],
  dispose = async () => {},
): Sink<Numbered> {
  return {
    name: 'given',
    features: { delivery: 'plain' },
    open: async () => ({ write, [Symbol.asyncDispose]: dispose }),
  };
}
