import { ComponentError, type Lease, type LeaseAnswer, refuseUnknownOptions } from '@sluice/contracts';
import { type StoreConnection, type StoreOptions, storeConnection } from '../connection/store-connection.js';
import { fromColumn, hashOfText, toColumn } from '../connection/text-column.js';

/** Where leases are kept. */
export interface PostgresLeaseOptions extends StoreOptions {}

/** The longest term, in milliseconds: a day. */
const MAX_TTL_MS = 86_400_000;
/** Rows that expired this long ago are removed. Longer than any statement waits. */
const KEPT_MS = 86_400_000;

/**
 * Leases in Postgres, by the clock of the server. The tables are made at first use. Fences come from a sequence of the database:
 * they grow over releases, ends of terms and restarts.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `STORE_PG_*`.
 */
export function postgresLease(options: PostgresLeaseOptions): Lease {
  refuseUnknownOptions('postgresLease', options, ['connection', 'schema', 'maxConnections', 'statementTimeoutMs']);
  const database = storeConnection(options);
  const sql = statements(database);
  let swept = Number.NEGATIVE_INFINITY;

  return {
    async acquire(resource, owner, ttlMs): Promise<LeaseAnswer> {
      checkTtl(ttlMs);
      await sweep();
      for (;;) {
        const given = [hashOfText(resource), toColumn(resource), toColumn(owner), ttlMs];
        const [taken] = await database.rows<{ fence: string }>('acquiring a lease', sql.acquire, given);
        if (taken) return { held: true, fence: BigInt(taken.fence) };
        const [held] = await database.rows<Held>('reading a lease', sql.held, [hashOfText(resource)]);
        // Between the two it may have become free.
        if (held) return { held: false, by: fromColumn(held.owner), remainingMs: Number(held.remaining) };
      }
    },
    async renew(resource, owner, fence, ttlMs) {
      checkTtl(ttlMs);
      const given = [hashOfText(resource), toColumn(owner), fence.toString(), ttlMs];
      return (await database.rows('renewing a lease', sql.renew, given)).length > 0;
    },
    async release(resource, owner, fence) {
      await database.rows('releasing a lease', sql.release, [hashOfText(resource), toColumn(owner), fence.toString()]);
    },
    async holders(prefix) {
      const rows = await database.rows<Holder>('listing leases', sql.holders, [toColumn(prefix)]);
      return rows.map(({ resource, owner, fence }) => ({
        resource: fromColumn(resource),
        owner: fromColumn(owner),
        fence: BigInt(fence),
      }));
    },
    [Symbol.asyncDispose]: database.end,
  };

  /** Once in a while, what nobody has held for long is removed. */
  async function sweep(): Promise<void> {
    const now = performance.now();
    if (now - swept < KEPT_MS / 24) return;
    swept = now;
    await database.rows('removing old leases', sql.sweep, [KEPT_MS]);
  }
}

interface Held {
  readonly owner: string;
  readonly remaining: string;
}

interface Holder {
  readonly resource: string;
  readonly owner: string;
  readonly fence: string;
}

/**
 * The time is taken once the row is locked (`clock_timestamp`, not `now`): a statement that waited neither shortens a term nor
 * takes over one that was renewed meanwhile. So is the fence, where there is a row.
 */
function statements({ name }: StoreConnection) {
  const table = name('leases');
  const fence = `nextval('${name('lease_fences').replaceAll("'", "''")}')`;
  const end = (ttl: string) => `clock_timestamp() + make_interval(secs => ${ttl}::float8 / 1000)`;
  return {
    acquire: `
INSERT INTO ${table} AS stored (resource_hash, resource, owner, fence, expires_at)
VALUES ($1, $2, $3, ${fence}, ${end('$4')})
ON CONFLICT (resource_hash) DO UPDATE
SET owner = excluded.owner, expires_at = ${end('$4')},
  fence = CASE WHEN stored.owner = excluded.owner AND stored.expires_at > clock_timestamp() THEN stored.fence ELSE ${fence} END
WHERE stored.owner IS NULL OR stored.owner = excluded.owner OR stored.expires_at <= clock_timestamp()
RETURNING fence::text AS fence`,
    held: `
SELECT owner, ceil(extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint::text AS remaining
FROM ${table} WHERE resource_hash = $1 AND owner IS NOT NULL AND expires_at > clock_timestamp()`,
    renew: `
UPDATE ${table} SET expires_at = ${end('$4')} WHERE resource_hash = $1 AND owner = $2 AND fence = $3 RETURNING 1 AS renewed`,
    release: `
UPDATE ${table} SET owner = NULL, expires_at = clock_timestamp() WHERE resource_hash = $1 AND owner = $2 AND fence = $3`,
    holders: `
SELECT resource, owner, fence::text AS fence FROM ${table}
WHERE starts_with(resource, $1) AND owner IS NOT NULL AND expires_at > clock_timestamp() ORDER BY resource`,
    sweep: `DELETE FROM ${table} WHERE expires_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)`,
  };
}

function checkTtl(ttlMs: number): void {
  if (Number.isFinite(ttlMs) && ttlMs > 0 && ttlMs <= MAX_TTL_MS) return;
  throw new ComponentError('OPTIONS_INVALID', `ttlMs: give milliseconds above 0, ${MAX_TTL_MS} at most`);
}
