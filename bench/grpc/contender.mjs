// One side of the calls, in a process of its own; the other side is a child of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { job, report } from '../measure/contender.mjs';
import { measured } from '../measure/usage.mjs';
import { callers, servers } from './ways.mjs';

/** Of the calls; enough for the compiler to be done. */
const WARM_UP = 0.2;

const { side, name, calls, inFlight } = job();
if (side === 'server') {
  const port = await servers[name]();
  const other = peer({ side: 'calling', port, inFlight });
  const made = async (count) => {
    other.send({ count });
    await once(other, 'message');
  };
  await made(Math.ceil(calls * WARM_UP));
  report({ ...(await measured(() => made(calls))), calls });
} else {
  const other = peer({ side: 'answering' });
  const [{ port }] = await once(other, 'message');
  const call = callers[name](port);
  await many(call, Math.ceil(calls * WARM_UP), inFlight);
  report({ ...(await measured(() => many(call, calls, inFlight))), calls });
}

function peer(task) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('peer.mjs', import.meta.url))], {
    env: { ...process.env, BENCH_JOB: JSON.stringify(task) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  process.once('exit', () => child.kill());
  return child;
}

async function many(call, count, inFlight) {
  let left = count;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}
