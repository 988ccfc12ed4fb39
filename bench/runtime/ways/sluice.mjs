// A pipeline: credits, custody, three operators, a write for what has gathered, settlement, checkpoints in memory.
import { filterEvents, mapEvents, memoryCheckpoints, pipeline } from '@sluice/runtime';
import { isWanted, present, summarize } from '../batches.mjs';

export async function sluice({ frame, count, sink }) {
  await pipeline('bench')
    .from(source(frame, count))
    .pipe(mapEvents(summarize), filterEvents(isWanted), mapEvents(present))
    .to(memorySink(sink), { checkpoints: memoryCheckpoints() })
    .run();
}

/** What a written-out reader is at its cheapest: one promise for each frame. */
function source(frame, count) {
  const lane = {
    lane: 'bench',
    generation: 1n,
    frames: () => ({
      at: 0,
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        if (this.at === count) return { done: true, value: undefined };
        this.at += 1;
        return { done: false, value: frame(this.at) };
      },
    }),
    async confirm() {},
    revoked: new Promise(() => {}),
  };
  return {
    name: 'bench',
    features: { ack: 'cumulative', replayable: true },
    open: async () => ({
      identity: 'bench',
      async *lanes() {
        yield lane;
      },
      head: async () => new Map(),
      async [Symbol.asyncDispose]() {},
    }),
  };
}

function memorySink(sink) {
  return {
    name: 'bench',
    features: { delivery: 'plain' },
    open: async () => ({
      async write(events) {
        sink(events);
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
}
