import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Audited, auditOf, createSource, createTarget, outOfOrder, rowsOf } from './audited-table.js';
import { type Killable, killable, type Running } from './killable.js';
import { mixedLoad } from './mixed-load.js';

const KILLS = 25;
const SLOT = 'crash';
const source = useDatabase();
const target = useDatabase();
let program: Killable;

beforeAll(async () => {
  await createSource(source);
  await createTarget(target);
  program = await killable('copy-process.ts');
});
afterAll(() => program[Symbol.asyncDispose]());

const lsn = (padded: string) => BigInt(`0x${padded}`);

/** The slot's confirmed position; read before the checkpoint, it must not be ahead of it. */
async function confirmedAgainstCheckpoint(): Promise<{ confirmed: bigint; checkpoint: bigint }> {
  const [slot] = await source.query<{ position: string }>(
    `SELECT confirmed_flush_lsn - '0/0' AS position FROM pg_replication_slots WHERE slot_name = $1`,
    [slotName()],
  );
  const [stored] = await target.query<{ resume: string | null }>(
    `SELECT resume FROM sluice.checkpoints WHERE pipeline = 'crash' AND lane LIKE 'slot:%'`,
  );
  return { confirmed: BigInt(slot?.position ?? 0), checkpoint: lsn(stored?.resume ?? '0') };
}

/** A name of its own: slots belong to the server, not to the database. */
const slotName = () => `${SLOT}_${source.name}`.slice(0, 63);

async function checkpointed(): Promise<boolean> {
  const [found] = await target.query<{ found: string | null }>(
    `SELECT to_regclass('sluice.checkpoints')::text AS found`,
  );
  return found?.found != null && (await confirmedAgainstCheckpoint()).checkpoint > 0n;
}

async function caughtUp(): Promise<void> {
  const [head] = await source.query<{ head: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS head`);
  await waitFor(async () => (await confirmedAgainstCheckpoint()).checkpoint >= BigInt(head?.head ?? 0), {
    what: 'the copy to reach the head of the WAL',
    timeoutMs: 120_000,
  });
}

test('a copy that is killed 25 times under a mixed load equals its source, row for row, nothing missed, nothing applied twice', async () => {
  const start = () => program.start(source.url, target.url, slotName());
  let running: Running = await start();
  await waitFor(checkpointed, { what: 'the first checkpoint of the stream', timeoutMs: 30_000 });
  const load = mixedLoad(source);
  for (let kill = 0; kill < KILLS; kill++) {
    const lifetime = 250 + Math.random() * 1_000;
    const until = Date.now() + lifetime;
    await waitFor(
      async () => {
        const { confirmed, checkpoint } = await confirmedAgainstCheckpoint();
        expect(confirmed, 'the slot was confirmed beyond the checkpoint').toBeLessThanOrEqual(checkpoint);
        expect(running.child.exitCode, running.log()).toBeNull();
        return Date.now() >= until;
      },
      { what: 'the moment of the kill', timeoutMs: 20_000 },
    );
    await running.end('SIGKILL');
    running = await start();
  }
  const { transactions, largest } = await load.stop();
  await caughtUp();
  await running.end('SIGTERM');

  expect(await rowsOf(target)).toEqual(await rowsOf(source));
  // A write joins what happened to one row in it, so not every change is seen; none is seen twice, and none is made up.
  const applied = await auditOf(target);
  expect(applied.filter(({ count }) => count > 1)).toEqual([]);
  const name = ({ op, id, change }: Audited) => (op === 'W' ? `W${id}/${change}` : `D${id}`);
  const made = new Set((await auditOf(source)).map(name));
  expect(applied.filter((one) => !made.has(name(one)))).toEqual([]);
  expect(await outOfOrder(target)).toBe(0);
  const { confirmed, checkpoint } = await confirmedAgainstCheckpoint();
  expect(confirmed).toBeLessThanOrEqual(checkpoint);
  // The load was what the name of this test says.
  expect(transactions).toBeGreaterThan(KILLS);
  expect(largest).toBeGreaterThan(1_000);
}, 300_000);
