import { type MemorySink, memorySink, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresCheckpoints, postgresLog } from '../../src/index.js';
import { ChildProgram } from '../support/child-program.js';
import { idsByKey, logEvent, publish, storedEvents } from '../support/log-events.js';

const database = useDatabase();
const log = () => postgresLog({ connection: database.url, partitions: 4, graceMs: 2_000 });
const events = (name: string) => Array.from({ length: 40 }, (_, n) => logEvent(`${name} ${n}`, `key ${n}`));

/** A member of a group, as another process has it. */
function member(topic: string, sink: MemorySink<Uint8Array>, group = topic) {
  const checkpoints = postgresCheckpoints({ connection: database.url });
  const running = pipeline(topic, { checkpointIntervalMs: 10 })
    .from(log().subscribe({ topics: [topic], group }))
    .to(sink, { checkpoints, retry: { initialMs: 10, maxMs: 100 } });
  const ended = running.run();
  ended.catch(() => undefined); // looked at in the end
  return {
    async [Symbol.asyncDispose]() {
      await running.drain();
      await ended;
      await checkpoints[Symbol.asyncDispose]();
    },
  };
}

test('partitions are shared out anew as members come and go, and each event goes to one of them', async () => {
  const sink = memorySink<Uint8Array>();
  const settled = (...wanted: number[]) =>
    waitFor(async () => (await shares('shared')).join() === wanted.join(), {
      what: `shares of ${wanted}`,
      timeoutMs: 60_000,
    });
  const read = (count: number) =>
    waitFor(() => sink.events.length >= count, { what: `${count} events`, timeoutMs: 60_000 });
  await using _one = member('shared', sink);
  await settled(4);
  await publish(log(), 'shared', events('a'));
  await read(40);
  {
    await using _two = member('shared', sink);
    await settled(2, 2);
    await publish(log(), 'shared', events('b'));
    await read(80);
    await using _three = member('shared', sink);
    await settled(1, 1, 2);
    await publish(log(), 'shared', events('c'));
    await read(120);
  }
  await settled(4);
  await publish(log(), 'shared', events('d'));
  await read(160);
  expect(new Set(sink.events.map(({ id }) => id)).size).toBe(160);
  expect(sink.events).toHaveLength(160);
}, 120_000);

test('members of one group that read different topics do not take the share of each other: every partition is read', async () => {
  const sinks = Array.from({ length: 6 }, () => memorySink<Uint8Array>());
  const members = sinks.map((sink, n) => member(`mixed-${n}`, sink, 'mixed'));
  try {
    for (const [n, sink] of sinks.entries()) {
      await publish(log(), `mixed-${n}`, events('a'));
      await waitFor(() => sink.events.length === 40, { what: `all events of topic ${n}`, timeoutMs: 20_000 });
    }
  } finally {
    await Promise.all(members.map((one) => one[Symbol.asyncDispose]()));
  }
}, 60_000);

test('a member that stood still past its time writes nothing more, and its events are written by another', async () => {
  await using relay = await ChildProgram.build('log-relay');
  const orders = { url: database.url, memberTtlMs: 800 };
  await publish(log(), 'in', []);
  await publish(log(), 'out', []);
  const frozen = relay.start(orders);
  await frozen.says('started');
  await publish(log(), 'in', events('a'));
  const out = async () => (await storedEvents(database, 'out')).length;
  await waitFor(async () => (await out()) === 40, { what: 'the first events', timeoutMs: 60_000 });
  frozen.freeze();
  await publish(log(), 'in', events('b'));
  relay.start(orders);
  await waitFor(async () => (await out()) === 80, { what: 'another to take over', timeoutMs: 60_000 });
  frozen.thaw();
  await publish(log(), 'in', events('c'));
  await waitFor(async () => (await out()) >= 120, { what: 'all events', timeoutMs: 60_000 });
  const expected = idsByKey(await storedEvents(database, 'in'));
  expect(idsByKey(await storedEvents(database, 'out'))).toEqual(expected);
}, 180_000);

/** How many partitions each member of a group holds, in ascending order. */
async function shares(group: string): Promise<number[]> {
  const rows = await database.query<{ lanes: number }>(
    `SELECT count(*)::int AS lanes FROM sluice.leases
     WHERE starts_with(resource, $1) AND owner IS NOT NULL AND expires_at > clock_timestamp() GROUP BY owner ORDER BY 1`,
    [`log/${group}/lanes/`],
  );
  return rows.map(({ lanes }) => lanes);
}
