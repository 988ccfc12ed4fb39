import { refuseForeignCheckpoints, type Source, type SourceContext } from '@sluice/contracts';
import type pg from 'pg';
import type { Change, ChangeOf } from '../change/change.js';
import type { TableRef } from '../change/table-ref.js';
import { disconnect, withConnection } from '../connection/connect.js';
import { connectReplication, type ReplicationClient } from '../connection/replication-client.js';
import { ensurePublication } from '../publication/publication.js';
import { publishedTables } from '../publication/published-tables.js';
import { finishedSlot } from '../slot/finished-slot.js';
import { type PostgresChangesOptions, parseOptions, type Settings } from './options.js';
import { identityOf, PostgresSession, streamLane } from './session.js';
import { planStart } from './start-plan.js';

/**
 * Changes of Postgres tables by logical replication: first the rows that are there, then every change in commit order,
 * without a gap or a repetition between the two.
 *
 * - Order: that of commits, then of statements. A batch may end within a transaction; `commits` tells the boundaries.
 * - Repetition: what was not confirmed comes again after a restart, with the same ids and versions.
 * - Confirmed to the server is the exact end of settled commits, and, while idle, what the server had to say.
 *
 * @throws ComponentError `OPTIONS_INVALID` here; what `open` and the lanes throw is listed under CDC in the table of errors.
 */
export function postgresChanges<
  const Tables extends readonly (string | TableRef<unknown>)[] = readonly (string & {})[],
>(options: PostgresChangesOptions<Tables>): Source<ChangeOf<Tables>> {
  const settings = parseOptions(options);
  const source: Source<Change> = {
    name: settings.name,
    features: { ack: 'cumulative', replayable: true },
    open: (context) => open(settings, context),
  };
  return source as unknown as Source<ChangeOf<Tables>>;
}

async function open(settings: Settings, context: SourceContext): Promise<PostgresSession> {
  const replication = await connectReplication(settings.connection, {
    signal: context.signal,
    timeoutMs: settings.linkTimeoutMs,
  });
  try {
    return await openWith(replication, settings, context);
  } catch (error) {
    disconnect(replication.client);
    throw error;
  }
}

async function openWith(replication: ReplicationClient, settings: Settings, context: SourceContext) {
  const { publication, slot, serverVersion } = { ...settings, ...replication };
  // Before anything is made or missed: on another cluster neither a publication nor a slot of ours has any business.
  refuseForeignCheckpoints(context.checkpoints, identityOf(replication, slot));
  const prepare = async (client: pg.Client) => {
    await ensurePublication(client, publication, settings.tables, settings.createPublication, serverVersion);
    const tables = await publishedTables(client, publication, serverVersion);
    const state = settings.temporary ? undefined : await finishedSlot(client, slot, { ...settings, ...context });
    const plan = planStart({
      checkpoints: context.checkpoints,
      streamLane: streamLane(slot),
      slotName: slot,
      slotConfirmed: state?.confirmed,
      slotReader: state?.reader,
      mayCreate: settings.createSlot,
      temporary: settings.temporary,
      wantsSnapshot: settings.snapshot,
    });
    return new PostgresSession({ settings, context, plan, tables, replication, slotConfirmed: state?.confirmed });
  };
  return withConnection(settings.connection, prepare, { signal: context.signal });
}
