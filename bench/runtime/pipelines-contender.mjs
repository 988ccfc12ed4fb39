// Several pipelines in one process: first idle, to see what one weighs, then at work all at once.
import { memoryCheckpoints, memorySink, memorySource, pipeline } from '@sluice/runtime';
import { job, report } from '../measure/contender.mjs';
import { measured } from '../measure/usage.mjs';
import { frames } from './batches.mjs';
import { sluice } from './ways/sluice.mjs';

const { pipelines, size, events } = job();
const idleKiB = await weigh();
const count = Math.ceil(events / size / pipelines);
const frame = frames(size);
let written = 0;
const sink = ({ length }) => {
  written += length;
};
const run = (name, frames) => sluice({ frame, sink, count: frames, name });

await run('warm-up', Math.ceil(events / size / 5));
written = 0;
const ends = [];
const begun = performance.now();
const usage = await measured(() =>
  Promise.all(
    Array.from({ length: pipelines }, async (_, at) => {
      await run(`bench-${at}`, count);
      ends.push(performance.now() - begun);
    }),
  ),
);
// All have the same work and begin together: where none is starved, they end together.
report({ ...usage, events: written, idleKiB, lastFirst: Math.min(...ends) / Math.max(...ends) });

/** What a running pipeline with nothing to do takes on the heap, in KiB; its source and sink of memory included. */
async function weigh() {
  const start = (name) => {
    const source = memorySource();
    source.push({ data: name });
    const running = pipeline(name).from(source).to(memorySink(), { checkpoints: memoryCheckpoints() });
    running.run();
    return running;
  };
  const first = start('first'); // what all share is there afterwards
  await first.caughtUp();
  await first.drain();
  const before = await alive();
  const running = Array.from({ length: pipelines }, (_, at) => start(`idle-${at}`));
  await Promise.all(running.map((one) => one.caughtUp()));
  const after = await alive();
  await Promise.all(running.map((one) => one.drain()));
  return (after - before) / 1024 / pipelines;
}

async function alive() {
  await new Promise(setImmediate);
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
