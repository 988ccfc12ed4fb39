import type { TestDatabase } from '@sluice/testkit/postgres';

const COLUMNS = `'item ' || g || repeat('x', (random() * 200)::int), round((random() * 1e9)::numeric, 4),
  (random() * 9e18)::bigint, jsonb_build_object('g', g, 'text', repeat('é', (random() * 50)::int)),
  decode(md5(g::text), 'hex'), ARRAY[md5(g::text), NULL, 'a"b,{}'], clock_timestamp()`;

const INSERT = `INSERT INTO items (id, change, title, amount, big, payload, blob, tags, at)
  SELECT g, 0, ${COLUMNS} FROM generate_series($1::int, $2::int) g`;
/** Values that are stored out of line, so that an update of another column leaves them out. */
const TOASTED = `INSERT INTO items (id, change, title)
  SELECT g, 0, string_agg(md5(random()::text), '') FROM generate_series($1::int, $2::int) g, generate_series(1, 200)
  GROUP BY g`;

/**
 * Writes to the table until it is stopped: inserts, updates, deletes, changes of keys, rollbacks and savepoints, in
 * transactions of 1 to `largest` rows (20,000), on two connections at once.
 */
export function mixedLoad(
  database: TestDatabase,
  { largest: limit = 20_000 } = {},
): { stop(): Promise<{ transactions: number; largest: number }> } {
  let stopped = false;
  let next = 1;
  let largest = 0;
  let transactions = 0;
  const pick = <T>(...of: readonly T[]) => of[Math.floor(Math.random() * of.length)] as T;

  async function transaction(): Promise<void> {
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      const rows = Math.ceil(pick(1, 1, 1, 10, 10, 100, limit / 20, limit) * (0.5 + Math.random() / 2));
      const end = pick('COMMIT', 'COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK');
      const range = (): [number, number] => {
        const from = Math.floor(Math.random() * next);
        return [from, from + rows];
      };
      for (let statement = pick(1, 2, 3); statement > 0; statement--) {
        const savepoint = Math.random() < 0.2;
        if (savepoint) await client.query('SAVEPOINT s');
        const what = pick('insert', 'insert', 'toasted', 'update', 'touch', 'delete', 'rekey');
        if (what === 'insert' || what === 'toasted') {
          const count = what === 'toasted' ? Math.min(rows, 50) : rows;
          const from = next;
          next += count;
          await client.query(what === 'insert' ? INSERT : TOASTED, [from, from + count - 1]);
          largest = Math.max(largest, end === 'COMMIT' ? count : 0);
        }
        if (what === 'update') {
          await client.query(
            `UPDATE items SET amount = amount + 1, payload = payload || '{"u": 1}' WHERE id BETWEEN $1 AND $2`,
            range(),
          );
        }
        if (what === 'touch')
          await client.query('UPDATE items SET at = clock_timestamp() WHERE id BETWEEN $1 AND $2', range());
        if (what === 'delete')
          await client.query('DELETE FROM items WHERE id BETWEEN $1 AND $2 AND id % 3 = 0', range());
        if (what === 'rekey') {
          const from = next;
          next += 1;
          await client.query('UPDATE items SET id = $1 WHERE id = (SELECT min(id) FROM items WHERE id > $2)', [
            from,
            range()[0],
          ]);
        }
        if (savepoint) await client.query('ROLLBACK TO s');
      }
      await client.query(end);
      transactions += 1;
    } catch (error) {
      await client.query('ROLLBACK');
      // Two writers that wait for each other are part of the load.
      if ((error as { code?: string }).code !== '40P01') throw error;
    } finally {
      client.release();
    }
  }

  const writers = [0, 1].map(async () => {
    while (!stopped) await transaction();
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(writers);
      return { transactions, largest };
    },
  };
}
