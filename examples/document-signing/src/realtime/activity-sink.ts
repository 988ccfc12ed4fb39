import { ComponentError, type Envelope, type Sink } from '@sluice/contracts';
import { fromPostgres, postgresCheckpoints } from '@sluice/store-pg';
import type { Pool } from 'pg';
import { activityOf } from './activity.js';
import type { ActivityFeed } from './activity-feed.js';
import { type ActivityTable, CHECKPOINT_SCHEMA } from './activity-table.js';
import type { RowChange } from './row-change.js';

/** What the sink writes with. */
export interface ActivitySinkParts {
  readonly pool: Pool;
  readonly table: ActivityTable;
  readonly feed: ActivityFeed;
}

/**
 * Changes of documents and signatures → `realtime.events` → the clients.
 *
 * Atomic: events and checkpoints are written in one transaction, and an event that is delivered again adds nothing. What a client is
 * told is therefore in the table already, so that it can come back with the offset. A push that fails does not fail the write: the feed
 * reads on from the table at the next one.
 */
export function activitySink({ pool, table, feed }: ActivitySinkParts): Sink<RowChange> {
  return {
    name: 'activity',
    features: { delivery: 'atomic', maxEvents: 1_000 },
    async open({ notice }) {
      const checkpoints = postgresCheckpoints({ connection: pool, schema: CHECKPOINT_SCHEMA });
      const told = (error: unknown) => notice(`activity was not pushed: ${(error as Error).message}`);
      await feed.catchUp().catch(told);
      return {
        checkpoints,
        async write(events, { checkpoints: advances, signal }) {
          signal.throwIfAborted();
          const activities = events.flatMap((event: Envelope<RowChange>) => activityOf(event) ?? []);
          const appended = await table.append(activities, advances).catch(async (error: unknown) => {
            // It may be written all the same, and then nobody repeats it.
            await feed.catchUp().catch(told);
            throw fromPostgres(error, 'writing activity');
          });
          if (appended.outcome === 'fenced') throw fenced(advances.map(({ lane }) => lane));
          if (activities.length > 0) await feed.push(appended.recorded, appended.last).catch(told);
        },
        [Symbol.asyncDispose]: () => checkpoints[Symbol.asyncDispose](),
      };
    },
  };
}

function fenced(lanes: readonly string[]): ComponentError {
  return new ComponentError('CHECKPOINT_FENCED', `another instance has taken over ${lanes.join(', ')}`, {
    details: { lanes },
  });
}
