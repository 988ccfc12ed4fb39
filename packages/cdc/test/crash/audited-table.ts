import type { TestDatabase } from '@sluice/testkit/postgres';

/** One row of the audit: a row was written (W) or deleted (D). `change` numbers the changes of the source, over all rows. */
export interface Audited {
  readonly op: 'W' | 'D';
  readonly id: number;
  readonly change: string;
  readonly count: number;
}

const TABLE = `
  CREATE TABLE items (
    id integer PRIMARY KEY, change bigint NOT NULL, title text, amount numeric, big bigint, payload jsonb,
    blob bytea, tags text[], at timestamptz
  );
  CREATE TABLE audit (n bigserial, op "char", id integer, change bigint);
  CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.id <> OLD.id) THEN
      INSERT INTO audit (op, id, change) VALUES ('D', OLD.id, OLD.change);
    END IF;
    IF TG_OP <> 'DELETE' THEN INSERT INTO audit (op, id, change) VALUES ('W', NEW.id, NEW.change); END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON items FOR EACH ROW EXECUTE FUNCTION audit();
`;

/** The table that is copied; each change of a row gets a number of its own. */
export async function createSource(database: TestDatabase): Promise<void> {
  await database.query(`${TABLE}
    CREATE SEQUENCE changes;
    CREATE FUNCTION number_change() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.change := nextval('changes'); RETURN NEW; END $$;
    CREATE TRIGGER number_change BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION number_change();`);
}

/** The table that is written. */
export async function createTarget(database: TestDatabase): Promise<void> {
  await database.query(TABLE);
}

/** What was done to the table, with how often. */
export function auditOf(database: TestDatabase): Promise<Audited[]> {
  return database.query<Audited & Record<string, unknown>>(
    'SELECT op, id, change::text, count(*)::int AS count FROM audit GROUP BY op, id, change',
  );
}

/** Rows whose changes were not applied in the order in which they were made. */
export async function outOfOrder(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ count: number }>(`
    SELECT count(*)::int AS count FROM (
      SELECT change < lag(change) OVER (PARTITION BY id ORDER BY n) AS back FROM audit
    ) AS steps WHERE back`);
  return row?.count ?? -1;
}

/** Every row, in a form that tells any difference. */
export function rowsOf(database: TestDatabase): Promise<{ id: number; row: string }[]> {
  return database.query('SELECT id, items::text AS row FROM items ORDER BY id');
}
