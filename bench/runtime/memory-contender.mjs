// One way, in a process of its own, that looks at its memory as it goes.
import { job, report } from '../measure/contender.mjs';
import { measured } from '../measure/usage.mjs';
import { frames } from './batches.mjs';
import { ways } from './ways.mjs';

const SAMPLES = 40;
const MIB = 2 ** 20;

const { name, size, events } = job();
const samples = [];
let written = 0;
let due = 0;
const sink = ({ length }) => {
  written += length;
  if (written < due) return;
  due += events / SAMPLES;
  // Garbage is no growth.
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  samples.push({ events: written, heapMiB: heapUsed / MIB, residentMiB: rss / MIB });
};
const usage = await measured(() => ways[name]({ frame: frames(size), sink, count: Math.ceil(events / size) }));
report({ ...usage, samples });
