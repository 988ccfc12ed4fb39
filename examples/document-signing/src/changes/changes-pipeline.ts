import { type ChangeOf, postgresChanges, toDebezium } from '@sluice/cdc';
import type { Sink, Telemetry } from '@sluice/contracts';
import { expandEvents, type Notice, pipeline, type RoutedPipeline } from '@sluice/runtime';
import { CHANGED_TABLES } from './change-tables.js';

/** What {@link changesPipeline} is made of. */
export interface ChangesPipelineParts {
  /** A connection string of a role that may replicate; past a pooler, straight to Postgres. */
  readonly connection: string;
  /** Default: `document_signing`. A server's slots have one name for all its databases. */
  readonly slot?: string;
  /** Takes records of Debezium to the topics that `topicOf` names: `log.sink({ name: 'topics', topic: topicOf })`. */
  readonly topics: Sink<Uint8Array>;
  /** Takes the changes as they are: the realtime service's. */
  readonly activity: Sink<ChangeOf<typeof CHANGED_TABLES>>;
  readonly notice?: (notice: Notice) => void;
  readonly telemetry?: Telemetry;
}

/**
 * `documents.documents` and `signatures.signatures` → the topics `cdc.documents` and `cdc.signatures`, and what clients are told.
 *
 * One slot, read once, in the order of commits over both tables. Each branch is as exact as its sink: with one that is
 * atomic, every change gets there once, whenever the process dies. Rows that were there before the first start come
 * first, as `r`.
 *
 * A TRUNCATE is left out, as Debezium leaves it out: no service of ours makes one.
 */
export function changesPipeline(parts: ChangesPipelineParts): RoutedPipeline {
  const { connection, slot = 'document_signing', topics, activity, notice, telemetry } = parts;
  return pipeline('changes', { ...(notice ? { notice } : {}), ...(telemetry ? { telemetry } : {}) })
    .from(postgresChanges({ connection, tables: CHANGED_TABLES, slot }))
    .route({
      topics: (changes) => changes.pipe(expandEvents(toDebezium({ name: 'cdc', truncate: 'skip' }))).to(topics),
      activity: (changes) => changes.to(activity),
    });
}
