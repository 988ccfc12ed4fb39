import {
  ComponentError,
  refuseUnknownOptions,
  type StateEntry,
  type StateStore,
  type StateValue,
  type StateWrite,
} from '@sluice/contracts';
import { type StoreOptions, storeConnection } from '../connection/store-connection.js';
import { hashOf, keyBytes, keyOfBytes } from './key-bytes.js';
import { checkScope, stateStatements } from './statements.js';

/** Where state is kept. */
export interface PostgresStateOptions extends StoreOptions {}

/** Entries of a scan that names no limit. */
const SCAN_LIMIT = 1_000;

/**
 * Keeps the state of operators, and the inbox, in Postgres. The tables are made at first use. A write is one transaction, however
 * many keys and ids it has; a scan gives 1,000 entries unless it is told how many.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `STORE_PG_*`, with `STATE_KEY_TOO_LONG`, and with
 * `OPTIONS_INVALID` for a scope of more than 500 characters.
 */
export function postgresState(options: PostgresStateOptions): StateStore {
  refuseUnknownOptions('postgresState', options, ['connection', 'schema', 'maxConnections', 'statementTimeoutMs']);
  const database = storeConnection(options);
  const sql = stateStatements(database);

  return {
    async read(scope, keys) {
      const given = [checkScope(scope), keys.map((key) => hashOf(keyBytes(key)))];
      const rows = await database.rows<Row>('reading state', sql.read, given);
      return new Map(rows.map((row) => [keyOfBytes(row.key), entryOf(row)]));
    },
    async scan(scope, { after, limit = SCAN_LIMIT } = {}) {
      if (!Number.isSafeInteger(limit) || limit < 1) throw invalid('limit: give a whole number above 0');
      const from = after === undefined ? null : keyBytes(after);
      const rows = await database.rows<Row>('scanning state', sql.scan, [checkScope(scope), from, limit]);
      return rows.map((row) => ({ key: keyOfBytes(row.key), entry: entryOf(row) }));
    },
    async write(scope, { writes, seen = [] }) {
      const columns = columnsOf(writes);
      const at = checkScope(scope);
      const ids = [...new Set(seen)].map((id) => hashOf(keyBytes(id, Number.POSITIVE_INFINITY)));
      if (writes.length === 0 && ids.length === 0) return 'written';
      const outcome = database.transaction('writing state', async (ask) => {
        if (writes.length > 0) {
          const [row] = await ask<{ done: number }>(sql.write, [at, ...columns]);
          if (row?.done !== columns[0].length) throw new Conflict();
        }
        if (ids.length > 0) await ask(sql.see, [at, ids]);
        return 'written' as const;
      });
      return outcome.catch((error: { cause?: unknown }) => {
        if (error.cause instanceof Conflict) return 'conflict';
        throw error;
      });
    },
    async seen(scope, ids) {
      const byHash = new Map(ids.map((id) => [hex(hashOf(keyBytes(id, Number.POSITIVE_INFINITY))), id]));
      const hashes = [...byHash.keys()].map((hash) => Buffer.from(hash, 'hex'));
      const rows = await database.rows<{ id_hash: Buffer }>('looking into the inbox', sql.seen, [
        checkScope(scope),
        hashes,
      ]);
      return new Set(rows.map(({ id_hash }) => byHash.get(hex(id_hash)) as string));
    },
    async forget(scope, before) {
      const [row] = await database.rows<{ count: string }>('clearing the inbox', sql.forget, [
        checkScope(scope),
        before,
      ]);
      return Number(row?.count ?? 0);
    },
    [Symbol.asyncDispose]: database.end,
  };
}

/** Rolls a write back. */
class Conflict extends Error {}

interface Row {
  readonly key: Buffer;
  readonly value: string;
  readonly revision: string;
}

function entryOf({ value, revision }: Row): StateEntry {
  return { value: JSON.parse(value) as StateValue, revision: BigInt(revision) };
}

function columnsOf(writes: readonly StateWrite[]): [Buffer[], Buffer[], (string | null)[], string[]] {
  if (new Set(writes.map(({ key }) => key)).size < writes.length) throw invalid('writes: a key is there twice');
  const keys = writes.map(({ key }) => keyBytes(key));
  return [
    keys.map(hashOf),
    keys,
    writes.map(({ value }) => (value === undefined ? null : JSON.stringify(value))),
    writes.map(({ expected }) => expected.toString()),
  ];
}

const hex = (bytes: Buffer) => bytes.toString('hex');

const invalid = (message: string) => new ComponentError('OPTIONS_INVALID', message);
