import type { TestDatabase } from '@sluice/testkit/postgres';
import type { Random } from '../random/random.js';

const INSERT = `INSERT INTO items SELECT g, 0, 'item ' || g, g * 1.5, jsonb_build_object('g', g)
  FROM generate_series($1::int, $2::int) g`;
/** Values that are stored out of line: an update of another column does not send them. */
const TOASTED = `INSERT INTO items (id, change, title)
  SELECT g, 0, string_agg(md5((g * 1000 + part)::text), '') FROM generate_series($1::int, $2::int) g,
  generate_series(1, 200) part GROUP BY g`;
const UPDATE = `UPDATE items SET amount = coalesce(amount, 0) + 1 WHERE id BETWEEN $1 AND $2`;
const DELETE = `DELETE FROM items WHERE id BETWEEN $1 AND $2 AND id % 3 = 0`;

/** The server ends a connection on which nothing runs at the moment; the next statement fails for it. */
const ignore = () => undefined;

/** Writes transactions of 1 to some thousand rows until it is stopped. Connections that break are opened again. */
export function mixedLoad(database: TestDatabase, random: Random): { stop(): Promise<void> } {
  let stopped = false;
  let next = 1;
  const transaction = async () => {
    const rows = random.pick([1, 1, 5, 50, 3_000]);
    const client = await database.pool.connect();
    client.on('error', ignore);
    try {
      await client.query('BEGIN');
      for (let statement = random.int(1, 3); statement > 0; statement--) {
        const from = random.int(1, next);
        const sql = random.pick([INSERT, INSERT, TOASTED, UPDATE, UPDATE, DELETE]);
        const count = sql === TOASTED ? Math.min(rows, 20) : rows;
        if (sql === INSERT || sql === TOASTED) {
          await client.query(sql, [next, next + count - 1]);
          next += count;
        } else await client.query(sql, [from, from + count]);
      }
      await client.query(random.chance(0.2) ? 'ROLLBACK' : 'COMMIT');
      client.off('error', ignore);
      client.release();
    } catch (error) {
      // The server was stopped under it, which is part of the run.
      client.release(error as Error);
    }
  };
  const writing = (async () => {
    while (!stopped) {
      await transaction().catch(() => new Promise((resolve) => setTimeout(resolve, 50)));
      await new Promise((resolve) => setTimeout(resolve, random.int(0, 10)));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await writing;
    },
  };
}
