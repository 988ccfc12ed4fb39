// One way, in a process of its own: a round to get warm, then the measured one.
import { job, report } from '../measure/contender.mjs';
import { measured } from '../measure/usage.mjs';
import { frames } from './batches.mjs';
import { ways } from './ways.mjs';

/** Of the events; enough for the compiler to be done. */
const WARM_UP = 0.2;

const { name, size, events } = job();
const frame = frames(size);
let written = 0;
let bytes = 0;
const sink = (events) => {
  written += events.length;
  bytes += events[0].data.text.length; // read, so that nothing of it can be left out
};
const run = (part) => ways[name]({ frame, sink, count: Math.ceil((events * part) / size) });

await run(WARM_UP);
written = 0;
const usage = await measured(() => run(1));
if (bytes === 0) throw new Error('nothing was written');
report({ ...usage, events: written });
