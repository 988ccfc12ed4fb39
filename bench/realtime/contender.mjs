// One server with many clients, which run in a process of their own; the server's CPU and memory are measured, not theirs.
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { job, report } from '../measure/contender.mjs';
import { servers } from './servers.mjs';

/** Deliveries of a block: as much as sockets take without anybody looking slow. */
const BLOCK = 50_000;
const TITLE = 'Agreement between the parties on the terms that follow hereafter';

const { name, workload } = job();
const http = createServer();
const server = await servers[name](http);
await new Promise((resolve) => http.listen(0, '127.0.0.1', 4_096, resolve));
const clients = fork(new URL('clients.mjs', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
const broken = () => process.exit(1);
clients.once('exit', broken);
const answer = () => new Promise((resolve) => clients.once('message', resolve));
const order = async (message) => {
  const answered = answer();
  clients.send(message);
  return answered;
};

const { channels, perChannel } = workload;
const names = Array.from({ length: channels }, (_, at) => `channel-${at}`);
const paths = names.flatMap((channel) => Array.from({ length: perChannel }, () => server.query(channel)));

const open = (some) =>
  order({ open: { port: http.address().port, paths: some, greeting: server.greeting, welcomes: server.welcomes } });
// The first tenth pays for what is there once: code, compiled code, the heap's first pages.
const first = Math.ceil(paths.length / 10);
await open(paths.slice(0, first));
const before = await settledMemory();
const opening = await used(() => open(paths.slice(first)));
const idleKiB = ((await settledMemory()) - before) / 1024 / (paths.length - first);
const common = { handshakesPerCpuSecond: (paths.length - first) / opening.cpuSeconds, idleKiB };

const result = workload.kind === 'steady' ? await steady(workload) : await fanOut(workload);
clients.off('exit', broken);
clients.kill();
report({ ...common, ...result });

/** So many messages to each channel in each tick, block by block: a block begins when the one before has arrived. */
async function fanOut({ perTick, deliveries }) {
  const perRound = paths.length * perTick;
  const rounds = Math.max(1, Math.ceil(deliveries / perRound));
  const roundsOfBlock = Math.max(1, Math.floor(BLOCK / perRound));
  const block = async (count) => {
    await order({ expect: perRound * count });
    const done = answer();
    for (let round = 0; round < count; round++) {
      for (let n = 0; n < perTick; n++) for (const channel of names) server.publish(channel, message());
      await new Promise(setImmediate);
    }
    await done;
  };
  await block(Math.ceil(rounds / 5));
  const usage = await used(async () => {
    for (let left = rounds; left > 0; left -= roundsOfBlock) await block(Math.min(left, roundsOfBlock));
  });
  return { ...usage, deliveries: perRound * rounds };
}

/** So many messages in a second to everybody, for a while: how long each is on its way. */
async function steady({ perSecond, seconds }) {
  const count = perSecond * seconds;
  const run = async (messages, latencies) => {
    await order({ expect: messages * paths.length, latencies });
    const done = answer();
    const start = performance.now();
    for (let n = 0; n < messages; n++) {
      await delay(Math.max(0, start + (n * 1_000) / perSecond - performance.now()));
      for (const channel of names) server.publish(channel, message());
    }
    return done;
  };
  await run(perSecond, false);
  let latencies;
  const usage = await used(async () => {
    ({ latencies } = await run(count, true));
  });
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(share * (latencies.length - 1))] / 1_000;
  return { ...usage, deliveries: count * paths.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** About 200 bytes as JSON. */
function message() {
  const at = String(process.hrtime.bigint() / 1_000n).padStart(16, '0');
  return {
    type: 'document.status_changed',
    at,
    data: { id: '0193f6c2-5b7e-7d3a-9c41-2f1de0a7b6c5', title: TITLE, version: 2 },
  };
}

async function used(work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

/** Resident memory once the collector has been through. */
async function settledMemory() {
  for (let n = 0; n < 3; n++) {
    globalThis.gc();
    await delay(50);
  }
  return process.memoryUsage.rss();
}
