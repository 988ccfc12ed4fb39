// What is read: a backlog that is written before anyone reads.

/** Rows per transaction, by name. */
export const workloads = { A100: 100, A1: 1 };

/** The publication that every reader reads. */
export const PUBLICATION = 'bench';

/** The row: seven columns, about 350 bytes on the wire. */
const TABLE = `
CREATE TABLE documents (
  id bigint PRIMARY KEY,
  tenant integer NOT NULL,
  title text NOT NULL,
  status text NOT NULL,
  body text NOT NULL,
  pages integer NOT NULL,
  updated_at timestamptz NOT NULL
)`;

const FILL = (events, perTransaction) => `
DO $$
DECLARE
  body text := repeat('The quick brown fox jumps over the lazy dog. ', 5);
BEGIN
  FOR at_row IN 1..${events} BY ${perTransaction} LOOP
    INSERT INTO documents
    SELECT id, id % 100, 'Agreement number ' || id, 'awaiting-signature', body, id % 40, clock_timestamp()
    FROM generate_series(at_row, least(at_row + ${perTransaction} - 1, ${events})) AS id;
    COMMIT;
  END LOOP;
END $$`;

/** Makes the table, the publication and the slot that the readers' slots are copied from; then writes the backlog. */
export async function writeBacklog(client, { events, perTransaction, template }) {
  await client.query(TABLE);
  await client.query(`CREATE PUBLICATION ${PUBLICATION} FOR TABLE documents`);
  await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [template]);
  await client.query('SET synchronous_commit = off');
  await client.query(FILL(events, perTransaction));
  const { rows } = await client.query(`
    SELECT pg_current_wal_insert_lsn() AS end, (SELECT avg(pg_column_size(d)) FROM documents d)::int AS bytes`);
  await client.query('CHECKPOINT'); // not while someone is measured
  return rows[0];
}
