import { setMaxListeners } from 'node:events';
import {
  ComponentError,
  type Frame,
  type LaneReader,
  type Position,
  type Revocation,
  type Source,
  type SourceContext,
} from '@sluice/contracts';
import type { Lifeline } from '../instance/lifeline.js';
import type { Random } from '../random/random.js';
import { eventOf, type Item, placeOf, positionAt, type World } from './world.js';

/** What may go wrong while a lane is read, each as a probability per frame. */
export interface LogFaults {
  readonly breaks: number;
  readonly waits: number;
  readonly revokes: number;
}

/** A partitioned log, read from checkpoints, confirmed by offset; partitions are taken away and come back. */
export function logSource(
  world: World,
  lifeline: Lifeline,
  random: Random,
  maxFrame: number,
  faults: LogFaults,
): Source<Item> {
  const happens = (probability: number) => !world.calm && random.chance(probability);
  return {
    name: 'log',
    features: { ack: 'cumulative', replayable: true },
    async open(ctx) {
      await lifeline.pass();
      world.openings += 1;
      const opening = world.openings;
      const closed = new AbortController();
      setMaxListeners(0, closed.signal); // one for each time that a lane is taken away
      const announced: string[] = [...world.lanes.keys()];
      let wake: () => void = () => {};
      closed.signal.addEventListener('abort', () => wake());
      const come = (lane: string) => {
        announced.push(lane);
        wake();
      };
      async function* lanes(): AsyncGenerator<LaneReader<Item>> {
        while (!closed.signal.aborted) {
          const lane = announced.shift();
          if (lane !== undefined) yield readerOf(lane);
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      }
      let generation = 0n;
      const readerOf = (lane: string): LaneReader<Item> => {
        generation += 1n;
        const mine = generation;
        let current = true;
        let revoke: (revocation: Revocation) => void = () => {};
        const revoked = new Promise<Revocation>((resolve) => {
          revoke = resolve;
        });
        const takeAway = () => {
          const deadline = Date.now() + random.pick([0, 5, 200]);
          const done = () => {
            current = false;
            if (!closed.signal.aborted) come(lane);
          };
          revoke({ deadline, done });
        };
        return {
          lane,
          generation: mine,
          revoked,
          frames: () => framesOf(lane, ctx, () => current && !closed.signal.aborted, takeAway, closed.signal),
          async confirm(upTo) {
            await lifeline.pass();
            // The log knows of one group member only, the newest.
            if (opening !== world.openings) return;
            if (!current) world.violations.push(`lane ${lane} was confirmed after it had been given back`);
            world.confirm(lane, placeOf(upTo));
          },
        };
      };
      return {
        identity: 'soak',
        lanes,
        head: async () => new Map([...world.lanes].map(([lane, count]) => [lane, positionAt(count)])),
        [Symbol.asyncDispose]: async () => closed.abort(),
      };
    },
  };

  async function* framesOf(
    lane: string,
    ctx: SourceContext,
    ours: () => boolean,
    takeAway: () => void,
    closed: AbortSignal,
  ): AsyncGenerator<Frame<Item>> {
    const end = world.lanes.get(lane) as number;
    const cuts = (ctx.cuts?.get(lane) ?? []).map((cut: Position) => placeOf(cut)).sort((a, b) => a - b);
    for (let n = startOf(ctx, lane); n < end && ours(); ) {
      await lifeline.pass();
      if (happens(faults.waits)) await new Promise((resolve) => setTimeout(resolve, random.int(0, 3)));
      if (happens(faults.breaks)) throw new ComponentError('TEST_BROKEN', 'the connection broke', { retry: 'backoff' });
      if (happens(faults.revokes)) return void (await lastOf(takeAway, closed));
      const cut = cuts.find((place) => place > n) ?? end;
      const to = Math.min(end, cut, n + random.int(1, maxFrame));
      const events = Array.from({ length: to - n }, (_, at) => eventOf({ lane, n: n + at }));
      n = to;
      yield { kind: 'batch', events, bytes: events.length * 100, position: positionAt(n) };
      if (random.chance(0.1)) yield { kind: 'progress', position: positionAt(n) };
    }
    await untilAborted(closed);
  }
}

/** As a log does that remembers what its group has committed. */
function startOf(ctx: SourceContext, lane: string): number {
  const stored = ctx.checkpoints.get(lane)?.position;
  return stored === undefined ? 0 : placeOf(stored);
}

/** A lane that is being taken away yields nothing more. */
async function lastOf(takeAway: () => void, closed: AbortSignal): Promise<void> {
  takeAway();
  await untilAborted(closed);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}
