import { paddedPosition } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { type Client, Client as PgClient } from 'pg';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { beforeAll, expect, test } from 'vitest';
import type { InsertChange } from '../../src/index.js';
import { changesOf, Driver } from '../support/drive.js';

const database = useDatabase();
const slotOf = (who: string) => `${who}_${database.name}`.slice(0, 63);

beforeAll(async () => {
  await database.query('CREATE TABLE entries (name text PRIMARY KEY)');
  await database.query('CREATE PUBLICATION entries FOR TABLE entries');
});

/** Two transactions of which the second's commit record begins exactly where the first's ends. */
interface Adjacent {
  readonly first: string;
  readonly second: string;
  /** The end of the first commit, which is the beginning of the second. */
  readonly boundary: bigint;
}

/** Commits pairs of transactions until one pair is adjacent in the WAL, as any busy server does all the time. */
async function commitAdjacent(peek: string): Promise<Adjacent> {
  const [a, b] = [new PgClient(database.url), new PgClient(database.url)];
  await Promise.all([a.connect(), b.connect()]);
  try {
    for (let attempt = 0; attempt < 200; attempt++) {
      const names = [`a${attempt}`, `b${attempt}`] as const;
      await begin(a, names[0]);
      await begin(b, names[1]);
      await Promise.all([a.query('COMMIT'), b.query('COMMIT')]);
      const [first, second] = (await commits(peek)).slice(-2);
      if (first && second && first.end === second.begin) {
        return { first: first.name, second: second.name, boundary: first.end };
      }
    }
  } finally {
    await Promise.all([a.end(), b.end()]);
  }
  throw new Error('no two commits were adjacent');
}

async function begin(client: Client, name: string): Promise<void> {
  await client.query('BEGIN');
  await client.query('INSERT INTO entries VALUES ($1)', [name]);
}

/** The transactions that a slot holds: the begin and the end of their commit records, and the name that they inserted. */
async function commits(slot: string): Promise<{ begin: bigint; end: bigint; name: string }[]> {
  const rows = await database.query<{ data: Buffer }>(
    `SELECT data FROM pg_logical_slot_peek_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', 'entries')`,
    [slot],
  );
  const found: { begin: bigint; end: bigint; name: string }[] = [];
  let name = '';
  for (const { data } of rows) {
    if (data[0] === 0x49) name = data.subarray(13).toString();
    if (data[0] === 0x43) found.push({ begin: data.readBigUInt64BE(2), end: data.readBigUInt64BE(10), name });
  }
  return found;
}

async function confirmed(slot: string): Promise<bigint> {
  const [row] = await database.query<{ at: string }>(
    `SELECT confirmed_flush_lsn - '0/0' AS at FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  return BigInt(row?.at ?? 0);
}

async function released(slot: string): Promise<void> {
  const active = () => database.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND active', [slot]);
  await waitFor(async () => (await active()).length === 0, { what: `slot ${slot} to be released` });
}

/** Reads with pg-logical-replication until `until` is committed; confirms there, as its readme shows, and is gone. */
async function theirRun(slot: string, until: string): Promise<string[]> {
  const service = new LogicalReplicationService(
    { connectionString: database.url },
    { acknowledge: { auto: false, timeoutSeconds: 0 } },
  );
  const names: string[] = [];
  let crashed = false;
  const done = new Promise<void>((resolve, reject) => {
    service.on('data', (_lsn: string, message: Pgoutput.Message) => {
      if (crashed) return;
      if (message.tag === 'insert') names.push(String(message.new['name']));
      if (message.tag !== 'commit' || names.at(-1) !== until) return;
      crashed = true;
      service.acknowledge(String(message.commitEndLsn)).then(() => resolve(), reject);
    });
    service.on('error', reject);
  });
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: ['entries'] });
  const ended = service.subscribe(plugin, slot).catch(() => 'it was stopped');
  const before = await confirmed(slot);
  await done;
  await waitFor(async () => (await confirmed(slot)) > before, { what: 'the confirmation to arrive' });
  await service.destroy();
  await ended;
  await released(slot);
  return names;
}

test('pg-logical-replication loses the second of two adjacent commits in a crash after the first, ours does not', async () => {
  const [theirs, ours, peek] = [slotOf('theirs'), slotOf('ours'), slotOf('peek')];
  for (const slot of [theirs, peek])
    await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  const source = changesOf(database.url, ours, { publication: 'entries', snapshot: 'never' });
  let driver = await Driver.open(source);
  const reading = driver.next();
  await waitFor(async () => (await confirmed(ours)) > 0n, { what: 'our slot' });

  const { first, second, boundary } = await commitAdjacent(peek);
  await database.query(`INSERT INTO entries VALUES ('afterwards')`);

  // Theirs: confirms the end of the first commit, dies, comes back.
  const before = await theirRun(theirs, first);
  expect(before.at(-1)).toBe(first);
  expect(await confirmed(theirs)).toBe(boundary + 1n);
  const after = await theirRun(theirs, 'afterwards');
  expect([...before, ...after]).not.toContain(second);

  // Ours: the same, at the same place.
  const nameOf = (data: unknown) => (data as InsertChange<{ name: string }>).after.name;
  const frame = await reading;
  const seen = frame?.kind === 'batch' ? frame.events.map(({ data }) => nameOf(data)) : [];
  while (!seen.includes('afterwards')) seen.push(...(await driver.batch()).events.map(({ data }) => nameOf(data)));
  expect(seen.slice(seen.indexOf(first), seen.indexOf(first) + 2)).toEqual([first, second]);
  const position = { resume: paddedPosition(boundary), within: 0 };
  await driver.stream.confirm(position);
  await waitFor(async () => (await confirmed(ours)) === boundary, { what: 'the confirmation of exactly the end' });
  const { identity } = driver.session;
  const { lane } = driver.stream;
  await driver[Symbol.asyncDispose]();
  await released(ours);
  driver = await Driver.open(source, { checkpoints: new Map([[lane, { position, identity }]]) });
  expect((await driver.events(2)).map(({ data }) => nameOf(data))).toEqual([second, 'afterwards']);
  await driver[Symbol.asyncDispose]();
}, 60_000);
