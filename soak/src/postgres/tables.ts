import type { TestDatabase } from '@sluice/testkit/postgres';

const COLUMNS = 'id integer PRIMARY KEY, change bigint NOT NULL, title text, amount numeric, payload jsonb';

/** The table that is read. Each change of a row gets a number of its own. */
export async function createSource(database: TestDatabase): Promise<void> {
  await database.query(`
    CREATE TABLE items (${COLUMNS});
    CREATE SEQUENCE changes;
    CREATE FUNCTION number_change() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.change := nextval('changes'); RETURN NEW; END $$;
    CREATE TRIGGER number_change BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION number_change();`);
}

/** The table that is written, and what was written to it in which order. */
export async function createTarget(database: TestDatabase): Promise<void> {
  await database.query(`
    CREATE TABLE items (${COLUMNS});
    CREATE TABLE audit (n bigserial, id integer, change bigint);
    CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO audit (id, change) VALUES (NEW.id, NEW.change); RETURN NULL; END $$;
    CREATE TRIGGER audit AFTER INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION audit();`);
}

/** A text that is equal for equal contents. */
export async function fingerprint(database: TestDatabase): Promise<string> {
  const [row] = await database.query<{ print: string }>(
    `SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(items::text, '|' ORDER BY id)), '') AS print FROM items`,
  );
  return row?.print ?? '';
}

/** What is wrong with the order and the number of the writes. */
export async function auditOf(database: TestDatabase): Promise<string[]> {
  const [row] = await database.query<{ back: number; twice: number }>(`
    SELECT count(*) FILTER (WHERE change < before)::int AS back, count(*) FILTER (WHERE change = before)::int AS twice
    FROM (SELECT change, lag(change) OVER (PARTITION BY id ORDER BY n) AS before FROM audit) AS steps`);
  const wrong: string[] = [];
  if (row?.back !== 0) wrong.push(`${row?.back} rows went back to an older change`);
  if (row?.twice !== 0) wrong.push(`${row?.twice} changes were written twice`);
  return wrong;
}
