import { Envelope, type EventOrigin, isBatchError, UNCHANGED } from '@sluice/contracts';
import { useDatabase } from '@sluice/testkit/vitest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Row, tableSink } from '../src/index.js';

const origin: EventOrigin = {
  source: '/test',
  type: () => 'row',
  id: (ordinal) => `${ordinal}`,
  key: (_, record) => record as string,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({}),
};
const event = (id: number, data: Row | null) => new Envelope<Row>(data, origin, 0, `${id}`);
const { signal } = new AbortController();

const database = useDatabase();

interface Stored {
  readonly id: number;
  readonly a: number | null;
  readonly b: number | null;
}
type Rows = ReadonlyMap<number, Stored>;

/** What a source says: a row is written with the values it has, deleted, or given another key. */
interface Change {
  readonly op: 'write' | 'delete' | 'move';
  readonly id: number;
  readonly to: number;
  /** A value that is absent stays away from the event, or is told to be unchanged. */
  readonly values: { readonly a?: number; readonly b?: number };
  readonly unchanged: boolean;
}

const id = fc.integer({ min: 1, max: 5 });
const change: fc.Arbitrary<Change> = fc.record({
  op: fc.constantFrom('write', 'write', 'write', 'delete', 'move', 'move'),
  id,
  to: id,
  values: fc.record({ a: fc.nat(9), b: fc.nat(9) }, { requiredKeys: [] }),
  unchanged: fc.boolean(),
});

/** Plays the changes of one write: the events, what stands after them, and which events find no row to change. */
function played(before: Rows, changes: readonly Change[]) {
  const rows = new Map(before);
  const events: Envelope<Row>[] = [];
  const missing: number[] = [];
  for (const { op, id, to, values, unchanged } of changes) {
    const partial = unchanged && Object.keys(values).length < 2;
    const row: Row = { ...(unchanged ? { a: UNCHANGED, b: UNCHANGED } : {}), ...values };
    if (op === 'delete') {
      rows.delete(id);
      events.push(event(id, null));
      continue;
    }
    // No source gives a row a key that is taken.
    if (op === 'move' && (id === to || rows.has(to))) continue;
    const key = op === 'move' ? to : id;
    const there = rows.get(id);
    if (op === 'move') {
      rows.delete(id);
      events.push(event(id, null), event(to, null).with<Row>({ id: to, ...row }, { previousKey: `${id}` }));
    } else events.push(event(id, { id, ...row }));
    const kept = op === 'write' || partial ? there : undefined;
    if (partial && !there) missing.push(events.length - 1);
    else rows.set(key, { ...(kept ?? { a: null, b: null }), ...values, id: key });
  }
  return { rows, events, missing };
}

test('whatever changes come, in whatever writes, the table holds the last state of each row, and no row gets a hole', async () => {
  await database.query('CREATE TABLE model (id int PRIMARY KEY, a int, b int)');
  const sink = tableSink({ connection: database.url, table: 'model', key: ['id'] });
  await using session = await sink.open({ pipeline: 'p', signal, notice: () => undefined });
  const outcome = (events: readonly Envelope<Row>[]) =>
    session.write(events, { checkpoints: [], attempt: 0, signal }).then(
      () => undefined,
      (error: unknown) => {
        if (!isBatchError(error)) throw error;
        return [...error.failures].map(([index, { code }]) => [index, code]);
      },
    );
  let [moved, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 12 }), { maxLength: 4 }), async (writes) => {
      await database.query('TRUNCATE model');
      let rows: Rows = new Map();
      for (const write of writes) {
        const { events, missing, ...after } = played(rows, write);
        const failures = await outcome(events);
        if (failures === undefined) {
          // What changed in part and is deleted later in the same write leaves nothing that could have a hole.
          const gone = (at: number) => events.some(({ key, data }, n) => n > at && !data && key === events[at]?.key);
          expect(missing.filter((at) => !gone(at))).toEqual([]);
          rows = after.rows;
          moved += events.filter(({ previousKey }) => previousKey !== undefined).length;
        } else {
          expect(failures).toEqual(missing.map((at) => [at, 'STORE_PG_ROW_MISSING']));
          refused += 1;
        }
        const expected = [...rows.values()].sort((one, other) => one.id - other.id);
        expect(await database.query('SELECT * FROM model ORDER BY id')).toEqual(expected);
      }
    }),
    { numRuns: 300 },
  );
  expect(Math.min(moved, refused)).toBeGreaterThan(20);
});
