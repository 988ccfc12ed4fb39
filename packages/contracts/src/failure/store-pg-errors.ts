import type { ErrorEntry } from './error-table.js';

/** The codes of the stores in Postgres. */
export const STORE_PG_ERRORS = {
  STORE_PG_UNAVAILABLE: {
    retry: 'backoff',
    advice: 'The database cannot be reached, is starting or stopping, or has no connections left; it is tried again.',
  },
  STORE_PG_CONFLICT: {
    retry: 'backoff',
    advice: 'Another transaction was in the way (a deadlock, a lock, a serialization failure); it is tried again.',
  },
  STORE_PG_REFUSED: {
    retry: 'operator',
    advice:
      'Postgres refused the statement or the login: check the rights, the password, and that the tables are as expected.',
  },
  STORE_PG_DATA_REFUSED: {
    retry: 'never',
    advice: 'The value does not fit the column, or breaks the constraint, that the details name.',
  },
  STORE_PG_FAILED: { retry: 'backoff', advice: 'Look up the SQLSTATE in the details, and the log of the server.' },
  STORE_PG_SCHEMA_NEWER: {
    retry: 'operator',
    advice: 'The database was migrated by a newer version of this package: upgrade this process.',
  },
  STORE_PG_MIGRATION_CHANGED: {
    retry: 'operator',
    advice:
      'A migration that was applied differs from the one in this package: use another schema, or restore the package.',
  },
  STORE_PG_TABLE_UNKNOWN: { retry: 'operator', advice: 'Create the table that the message names, or correct `table`.' },
  STORE_PG_COLUMN_UNKNOWN: {
    retry: 'operator',
    advice:
      'Add the column to the table, or list the columns that you want in `columns`. Columns called op, before and after are those of changes: put expandEvents(rowEvents()) before the sink.',
  },
  STORE_PG_KEY_NOT_UNIQUE: {
    retry: 'operator',
    advice: 'The table needs a primary key or a unique index on exactly the columns of `key`.',
  },
  STORE_PG_KEY_MISSING: {
    retry: 'never',
    advice: 'The event has no value for the key of the table: it can be neither written nor deleted.',
  },
  STORE_PG_ROW_MISSING: {
    retry: 'never',
    advice:
      'The target lacks a row that the source changed: rebuild it, or set REPLICA IDENTITY FULL on the source, so that changes carry all values. After a restart while the stream caught up with a snapshot newer than its slot, it may be a row that was deleted or moved before the snapshot.',
  },
  STORE_PG_LOG_NAME_INVALID: {
    retry: 'operator',
    advice: 'Topics and groups have 1 to 249 letters, digits and any of . _ - (not . or .. alone), as those of Kafka.',
  },
  STORE_PG_LOG_PARTITIONS: {
    retry: 'operator',
    advice:
      'A topic keeps the number of partitions that it was made with, or the order of its keys would break: correct the option, or use a new topic.',
  },
  STORE_PG_LOG_TOPIC_MISSING: {
    retry: 'backoff',
    advice: 'The tables of the log were emptied or restored while a process used them; the topic is looked up again.',
  },
  STORE_PG_LOG_EVENT_TOO_LARGE: {
    retry: 'never',
    advice: 'Raise `maxEventBytes` of the log, or put the content into an object store and send its key.',
  },
  STORE_PG_LOG_TRIMMED: {
    retry: 'operator',
    advice:
      'Retention has removed events that this group had not read. Rebuild what it feeds from its origin, remove the checkpoints of its pipeline, and let it begin with the oldest event that is left; consider a longer retention.',
  },
  STORE_PG_LOG_AHEAD: {
    retry: 'operator',
    advice:
      'The checkpoint lies behind the end of the log: the log was restored from a backup, or lost its end in a failover. Restore the checkpoints of the same time, or rebuild what the group feeds.',
  },
  STORE_PG_LOG_CLOSED: { retry: 'never', advice: 'Open another publisher: this one was closed.' },
} as const satisfies Record<string, ErrorEntry>;
