import { createHmac } from 'node:crypto';
import { ComponentError, type Count, type Counters, refuseBadKey, refuseUnknownOptions } from '@sluice/contracts';
import { checkCount, type StoreOptions, storeConnection } from '../connection/store-connection.js';
import { gatheredCounts } from './gathered-counts.js';

/** Where counts are kept, and how many may wait. */
export interface PostgresCountersOptions extends StoreOptions {
  /**
   * Members are kept as an HMAC with this secret, of 16 bytes at least; the same for all processes, and for ever: with another one all
   * members are new. Default: a random one that is kept next to the counts; then whoever has the whole database can find out by
   * trying whether a member is there.
   */
  readonly secret?: string;
  /** Members of keys that one statement counts, at most. Default: 1,000. */
  readonly maxRows?: number;
  /** Calls of `count` that wait, at most; above it they reject with `COUNTERS_BEHIND`. Default: 100,000. */
  readonly maxWaiting?: number;
}

/**
 * Counters in Postgres, exact. The tables are made at first use. Calls at the same time are one statement, with one under way at a
 * time; a call resolves when its transaction is committed. Processes that count the same keys do not deadlock.
 *
 * Closing waits for what was counted.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `STORE_PG_*` and `KEY_INVALID`, `count` with `COUNTERS_BEHIND`.
 */
export function postgresCounters(options: PostgresCountersOptions): Counters {
  refuseUnknownOptions('postgresCounters', options, OPTIONS);
  const { secret, maxRows = 1_000, maxWaiting = 100_000, ...where } = options;
  if (secret !== undefined && Buffer.byteLength(secret) < 16) {
    throw new ComponentError('OPTIONS_INVALID', 'secret: give at least 16 bytes');
  }
  checkCount('maxRows', maxRows);
  checkCount('maxWaiting', maxWaiting);
  const database = storeConnection(where);
  const countUp = `SELECT ${database.name('count_up')}($1::bytea[], $2::bytea[], $3::bigint[])`;
  const read = `SELECT key, total::text, members::text FROM ${database.name('counters')} WHERE key = ANY ($1::bytea[])`;
  const remove = `SELECT ${database.name('remove_counts')}($1::bytea[])`;

  let stored: Promise<string | Buffer> | undefined;
  const salt = () => {
    stored ??= readSalt().catch((error: unknown) => {
      stored = undefined;
      throw error;
    });
    return stored;
  };
  async function readSalt(): Promise<string | Buffer> {
    if (secret !== undefined) return secret;
    const sql = `SELECT salt FROM ${database.name('counter_salt')}`;
    const [row] = await database.rows<{ salt: Buffer }>('reading the salt of counters', sql, []);
    if (row) return row.salt;
    throw new ComponentError('STORE_PG_REFUSED', 'the table counter_salt is empty');
  }

  const counts = gatheredCounts({
    maxRows,
    maxWaiting,
    async write(counted) {
      const columns = [
        counted.map(({ key }) => Buffer.from(key)),
        counted.map(({ member }) => Buffer.from(member, 'hex')),
        counted.map(({ times }) => times),
      ];
      await database.rows('counting', countUp, columns);
    },
  });

  return {
    name: 'postgres',
    features: { exact: true },
    async count(key, member) {
      refuseBadKey(key);
      refuseBadKey(member);
      await counts.add(key, hashOf(key, member, await salt()));
    },
    async read(keys) {
      const rows = await database.rows<Row>('reading counts', read, [bytesOf(keys)]);
      return new Map(rows.map((row) => [row.key.toString(), countOf(row)]));
    },
    async remove(keys) {
      await database.rows('removing counts', remove, [bytesOf(keys)]);
    },
    async [Symbol.asyncDispose]() {
      // Calls that wait for the salt are counted, too.
      await stored?.catch(() => undefined);
      await counts.settled();
      await database.end();
    },
  };
}

const OPTIONS = ['connection', 'schema', 'maxConnections', 'statementTimeoutMs', 'secret', 'maxRows', 'maxWaiting'];

interface Row {
  readonly key: Buffer;
  readonly total: string;
  readonly members: string;
}

const countOf = ({ total, members }: Row): Count => ({ total: Number(total), unique: Number(members) });

/** The same member has another hash under another key: rows of one key tell nothing about those of others. */
function hashOf(key: string, member: string, salt: string | Buffer): string {
  return createHmac('sha256', salt).update(`${key.length}:${key}${member}`).digest('hex').slice(0, 32);
}

function bytesOf(keys: readonly string[]): Buffer[] {
  for (const key of keys) refuseBadKey(key);
  return keys.map((key) => Buffer.from(key));
}
