import { postgresChanges, table } from '@sluice/cdc';
import type { Sink } from '@sluice/contracts';
import type { Hub } from '@sluice/realtime';
import { expandEvents, type Notice, pipeline, type RunningPipeline } from '@sluice/runtime';
import { tableSink } from '@sluice/store-pg';
import type { Pool } from 'pg';
import type { DocumentRow, RowChange } from './document-row.js';
import { projectThenPush } from './project-then-push.js';

export interface DocumentPipelineParts {
  /** A connection string of a role that may replicate. */
  readonly connection: string;
  /** Connections to the same database, for the projection. */
  readonly pool: Pool;
  readonly hub: Hub;
  readonly notice: (notice: Notice) => void;
}

const documents = table<DocumentRow>()('documents.documents');

/**
 * `documents.documents` → `projections.documents` → every open page.
 *
 * Effectively once into the projection: its rows and the checkpoint are written in one transaction.
 */
export function documentPipeline({ connection, pool, hub, notice }: DocumentPipelineParts): RunningPipeline {
  const projection = tableSink({
    connection: pool,
    table: 'projections.documents',
    key: ['id'],
    columns: COLUMNS,
  }) as Sink<DocumentRow>;
  return pipeline('documents-to-page', { notice })
    .from(postgresChanges({ connection, tables: [documents], slot: 'documents' }))
    .pipe(
      expandEvents((change, event) => {
        if (change === null || change.op === 'message' || change.op === 'truncate') return [];
        return [event.with<RowChange>(change as RowChange)];
      }),
    )
    .to(projectThenPush(projection, hub));
}

const COLUMNS = [
  'id',
  'title',
  'content_type',
  'content_size',
  'status',
  'created_by',
  'created_at',
  'updated_at',
  'version',
] as const satisfies (keyof DocumentRow)[];
