import { UNCHANGED } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { expect, test } from 'vitest';
import { type Change, JsonText } from '../../src/index.js';
import { createSource } from '../crash/audited-table.js';
import { mixedLoad } from '../crash/mixed-load.js';
import { changesOf, Driver } from '../support/drive.js';

const database = useDatabase();
const slotOf = (who: string) => `${who}_${database.name}`.slice(0, 63);
/** The last change of the load, by which each reader knows that it has everything. */
const LAST = -1;

/** A change in a form that all readers can be brought to. */
type Plain = string;

const isoOf = (value: unknown) => (typeof value === 'string' ? new Date(value) : (value as Date)).toISOString();

/** What pg's parsers lose is left out on both sides: microseconds, and how JSON was spaced. */
function plainValue(column: string, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (value === UNCHANGED) return undefined;
  if (column === 'at') return isoOf(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof JsonText) return JSON.parse(value.toString());
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
}

function plain(op: string, table: string, before: object | null, after: object | null): Plain {
  const row = (values: object | null) =>
    values &&
    Object.entries(values)
      .map(([column, value]) => [column, plainValue(column, value)])
      .filter(([, value]) => value !== undefined);
  return JSON.stringify([op, table, row(before), row(after)]);
}

function ofOurs({ op, table, before, after }: Change): Plain {
  return plain(op, table ?? '', before, after);
}

function ofTheirs(message: Pgoutput.Message): Plain | undefined {
  if (message.tag !== 'insert' && message.tag !== 'update' && message.tag !== 'delete') return undefined;
  const table = `${message.relation.schema}.${message.relation.name}`;
  // Their key objects hold null for every column that is not of the key.
  const known = (row: Record<string, unknown> | null) =>
    row && Object.fromEntries(Object.entries(row).filter(([column]) => message.relation.keyColumns.includes(column)));
  if (message.tag === 'insert') return plain('insert', table, null, message.new);
  const before = message.old ?? known(message.key);
  return plain(message.tag, table, before, message.tag === 'update' ? message.new : null);
}

const isLast = (change: Plain) => change.startsWith('["delete"') && change.includes(`[["id",${LAST}]]`);

async function readOurs(slot: string): Promise<Plain[]> {
  const driver = await Driver.open(
    changesOf(database.url, slot, { publication: 'items', slot: { name: slot, create: false }, snapshot: 'never' }),
    {
      maxBatchBytes: 10_000,
    },
  );
  const changes: Plain[] = [];
  while (!isLast(changes.at(-1) ?? '')) {
    for (const { data } of (await driver.batch()).events) changes.push(ofOurs(data as Change));
  }
  await driver[Symbol.asyncDispose]();
  return changes;
}

async function readTheirs(slot: string): Promise<Plain[]> {
  const service = new LogicalReplicationService(
    { connectionString: database.url },
    { acknowledge: { auto: false, timeoutSeconds: 0 } },
  );
  const changes: Plain[] = [];
  const done = new Promise<void>((resolve, reject) => {
    service.on('error', reject);
    service.on('data', (_lsn: string, message: Pgoutput.Message) => {
      const change = ofTheirs(message);
      if (change !== undefined) changes.push(change);
      if (change !== undefined && isLast(change)) resolve();
    });
  });
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: ['items'] });
  const ended = service.subscribe(plugin, slot).catch(() => 'it was stopped');
  await done;
  await service.destroy();
  await ended;
  return changes;
}

/** The same, read by SQL and parsed message by message by the other library's parser. */
async function readBySql(slot: string): Promise<Plain[]> {
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: ['items'] });
  const rows = await database.query<{ data: Buffer }>(
    `SELECT data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', 'items')`,
    [slot],
  );
  return rows.flatMap(({ data }) => ofTheirs(plugin.parse(data)) ?? []);
}

test.each(['DEFAULT', 'FULL'])(
  'a random load under REPLICA IDENTITY %s is read alike by ours, by pg-logical-replication and by SQL',
  async (identity) => {
    await database.query(
      'DROP TABLE IF EXISTS items, audit CASCADE; DROP FUNCTION IF EXISTS audit, number_change; DROP SEQUENCE IF EXISTS changes',
    );
    await createSource(database);
    await database.query(`ALTER TABLE items REPLICA IDENTITY ${identity}`);
    await database.query('CREATE PUBLICATION items FOR TABLE items');
    const slots = ['ours', 'theirs', 'sql'].map((who) => slotOf(`${who}_${identity.toLowerCase()}`)) as [
      string,
      string,
      string,
    ];
    for (const slot of slots) await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);

    const load = mixedLoad(database, { largest: 2_000 });
    const until = Date.now() + 2_500;
    await waitFor(() => Date.now() >= until, { what: 'some load' });
    const { transactions } = await load.stop();
    await database.query('INSERT INTO items (id, change) VALUES ($1, 0)', [LAST]);
    await database.query('UPDATE items SET title = NULL WHERE id = $1', [LAST]);
    await database.query('ALTER TABLE items REPLICA IDENTITY DEFAULT');
    await database.query('DELETE FROM items WHERE id = $1', [LAST]);

    const ours = await readOurs(slots[0]);
    const bySql = await readBySql(slots[2]);
    const theirs = await readTheirs(slots[1]);
    expect(transactions).toBeGreaterThan(10);
    expect(ours.length).toBeGreaterThan(500);
    const firstDifference = (others: Plain[]) => ours.findIndex((change, at) => change !== others[at]);
    for (const others of [bySql, theirs]) {
      const at = firstDifference(others);
      expect(ours[at]).toEqual(others[at]);
      expect(ours.length).toBe(others.length);
    }
    await database.query('DROP PUBLICATION items');
  },
  60_000,
);
