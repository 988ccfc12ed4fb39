import pg from 'pg';
import type { UnderTest } from '../system.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read rows freely
type Row = any;

/** The rows of one statement, over a connection of its own. */
export async function query(system: UnderTest, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: system().databaseUrl, connectionTimeoutMillis: 30_000 });
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}
