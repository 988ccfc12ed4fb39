import type { RetryClass } from './component-error.js';
import { GRPC_ERRORS } from './grpc-errors.js';

/** What may be done about an error, and what a person should do. */
export interface ErrorEntry {
  readonly retry: RetryClass;
  readonly advice: string;
}

/** Every error code, with what may be done about it and what a person should do. docs/errors.md is generated from here. */
export const ERRORS = {
  // Events and options
  OPTIONS_INVALID: { retry: 'operator', advice: 'Correct the option that the message names.' },
  EVENT_KEY_MALFORMED: {
    retry: 'never',
    advice:
      'The key does not fit the columns the sink was given: name the same key columns, in the same order, as the source.',
  },
  EVENT_TOO_LARGE_TO_STORE: {
    retry: 'never',
    advice: 'The event is larger than the store takes: raise its `maxEventBytes`, or make events smaller.',
  },
  EVENT_NOT_STORABLE: {
    retry: 'never',
    advice: 'The data contains itself, or is nested too deep: map it to plain values before what failed.',
  },
  EVENT_FORMAT: {
    retry: 'operator',
    advice: 'The stored event was written by a newer version, or by something else: upgrade this process.',
  },
  // Operators and their state
  EVENT_INVALID: {
    retry: 'never',
    advice: 'The event does not fit the schema at the paths that the message names: mend its producer, or the schema.',
  },
  EVENT_VERSION_UNKNOWN: {
    retry: 'never',
    advice:
      'There is no upcaster from this version of the event. Where it is newer, deploy the consumer that knows it, then replay the dead letter.',
  },
  EVENT_TIMEOUT: {
    retry: 'backoff',
    advice: 'A step took longer than its time-out: look at what it calls, or allow it more time.',
  },
  EVENT_KEY_MISSING: {
    retry: 'never',
    advice: 'The event has no key, and the operator keeps state by key: give it a `key` function, or events with keys.',
  },
  EVENT_KEY_TOO_LONG: { retry: 'never', advice: 'Keys of state have up to 9,000 characters: give a `key` function.' },
  EVENT_LATE: {
    retry: 'never',
    advice: 'The event came after its window was closed: allow more lateness, or `late: "drop"`.',
  },
  EVENT_JOIN_MISSING: {
    retry: 'never',
    advice: 'The table has no row for the event yet: replay the dead letter once it has, or use `missing: "null"`.',
  },
  STATE_CONFLICT: {
    retry: 'backoff',
    advice: 'Another instance wrote the same state: it owns the keys now, or two pipelines share one scope by mistake.',
  },
  STATE_KEY_TOO_LONG: { retry: 'never', advice: 'Keys of a state store have up to 10,000 characters.' },
  STATE_EPOCH_CHANGED: {
    retry: 'operator',
    advice:
      'The rows come from another history than those in the table (a restore, another cluster): rebuild into a new scope, or `adopt` the new epoch.',
  },
  // Pipelines
  PIPELINE_STATE: { retry: 'operator', advice: 'A pipeline runs once at a time; make another one to run it again.' },
  PIPELINE_EVENT_TOO_LARGE: {
    retry: 'operator',
    advice: 'One event is larger than the pipeline may hold: raise credits.bytes above the size in the details.',
  },
  PIPELINE_DELIVERY_LOST: {
    retry: 'backoff',
    advice:
      'The stage that the message names received a delivery and neither passed it on nor settled it. Use the operators of @sluice/runtime, or settle what you drop.',
  },
  PIPELINE_DELIVERY_REORDERED: {
    retry: 'operator',
    advice:
      'The stage that the message names changed the order of events with the same key. Use concatMap in place of mergeMap, partitionByKey, or declare the pipeline `unordered`.',
  },
  PIPELINE_DELIVERY_REUSED: {
    retry: 'operator',
    advice: 'A delivery was mapped, split, merged or settled twice. Each delivery is passed on once.',
  },
  PIPELINE_STAGE_COMPLETED: {
    retry: 'backoff',
    advice: 'A stage completed while the source had more. Operators such as take() belong after toLossy().',
  },
  PIPELINE_STAGE_FAILED: { retry: 'backoff', advice: 'A stage threw; the cause says what.' },
  PIPELINE_EVENT_FAILED: {
    retry: 'operator',
    advice:
      'An event could not be processed, and the pipeline stops at such events: it has no dead-letter store, or `onFailure` says so. Give `deadLetters` to .to(), or mend the cause.',
  },
  PIPELINE_NOT_CAUGHT_UP: {
    retry: 'backoff',
    advice: 'The pipeline did not reach the head in time: look at its lag and its sink.',
  },
  PIPELINE_SETTLEMENT_TIMEOUT: {
    retry: 'backoff',
    advice: 'A delivery was not settled in time: the message names the stage that holds it.',
  },
  PIPELINE_STALLED: {
    retry: 'backoff',
    advice:
      'Something is to be done and nothing gets done; the message says what waits for what. Look at the sink, the checkpoint store, the connection of the source, or the operator that it names. If it is merely slow, raise stallMs.',
  },
  ROUTE_SESSION_ENDED: {
    retry: 'now',
    advice: 'Nothing: another branch of the routed pipeline begins anew, and its own error says why.',
  },
  ROUTE_FRAME_STRADDLES: {
    retry: 'operator',
    advice:
      'The source does not end its frames at the places that it is told (`cuts`), so an atomic sink would apply events twice: route to idempotent sinks, or use a source that passes the conformance suite.',
  },
  ROUTE_CHECKPOINT_MISSING: {
    retry: 'operator',
    advice:
      'One branch lost its checkpoint of a lane in which the others have come further: restore it, or delete the checkpoints of all branches and rebuild their sinks.',
  },
  PIPELINE_DISPOSED: { retry: 'operator', advice: 'The pipeline was closed while this was waiting.' },
  EVENT_PARKED: {
    retry: 'operator',
    advice: 'An earlier event of its key failed: replay or discard that one, and this one follows.',
  },
  // Apps and configuration
  APP_STATE: { retry: 'operator', advice: 'An app runs once; make another one to run it again.' },
  APP_PART_FAILED: { retry: 'operator', advice: 'The part that the message names failed; the cause says why.' },
  APP_START_TIMEOUT: {
    retry: 'operator',
    advice: 'Look at what the parts that the message names wait for, or raise startTimeoutMs.',
  },
  APP_STOP_TIMEOUT: {
    retry: 'operator',
    advice: 'The part did not stop within drainTimeoutMs: look at what it waits for, or raise it.',
  },
  APP_GAVE_UP: {
    retry: 'operator',
    advice:
      'Events that were given up are delivered again at the next start. Look at the sink, or raise drainTimeoutMs.',
  },
  APP_HEALTH_PORT: { retry: 'operator', advice: 'Give another health.port or health.host, or free the port.' },
  CONFIG_INVALID: {
    retry: 'operator',
    advice: 'Correct each option that the message lists, where it says it is from.',
  },
  SINK_BATCH_FAILED: { retry: 'backoff', advice: 'Some events of a write failed; `failures` has the error of each.' },
  DEAD_LETTER_NOT_WAITING: {
    retry: 'operator',
    advice: 'Only a letter that waits can be edited: look at its status and its audit trail.',
  },
  DEAD_LETTER_STAGE_UNKNOWN: {
    retry: 'operator',
    advice:
      'The pipeline no longer has the stage that the letter failed in: edit or discard the letter, or bring the stage back.',
  },
  DEAD_LETTERS_FULL: {
    retry: 'operator',
    advice: 'Look at the dead letters, discard or replay them, or give the store more room.',
  },
  MEMORY_FULL: {
    retry: 'backoff',
    advice: 'What reads it is slower than what writes: wait and try again, or give it more capacity.',
  },
  // Caches and counters
  KEY_INVALID: {
    retry: 'never',
    advice: 'Keys of caches and counters, and members, have 1 to 512 bytes of UTF-8: shorten it, or give its hash.',
  },
  COUNTERS_BEHIND: {
    retry: 'backoff',
    advice:
      'More counts wait than the store was allowed to keep waiting: count later, look at why writes are slow, or raise `maxWaiting`.',
  },
  // Objects and search
  OBJECT_KEY_INVALID: {
    retry: 'never',
    advice: 'Keys of objects have 1 to 1,024 bytes, no control characters, and no part that is empty, "." or "..".',
  },
  OBJECT_EXISTS: { retry: 'never', advice: 'There is an object of this key, and `ifAbsent` was asked for.' },
  OBJECT_TOO_LARGE: { retry: 'never', advice: 'The object is larger than `maxBytes`, or than the store takes.' },
  OBJECT_RANGE_INVALID: { retry: 'never', advice: 'The range lies outside of the object: look at its size.' },
  OBJECT_REPLACED: { retry: 'now', advice: 'The object was replaced before it was read: get it again.' },
  OBJECT_DAMAGED: {
    retry: 'never',
    advice: 'The file is not what was stored: restore it from a backup, or put the object again.',
  },
  OBJECT_DISK_UNSAFE: {
    retry: 'operator',
    advice: 'There is a symbolic link, or something else that is no plain file, in the folder of objects: remove it.',
  },
  OBJECT_DISK_FULL: { retry: 'operator', advice: 'Give the disk, or the quota, more room.' },
  OBJECT_DISK_FAILED: {
    retry: 'backoff',
    advice:
      "Look at the error's code in the details: rights of the folder, files that a process may open, the disk itself.",
  },
  SEARCH_FIELD_UNKNOWN: {
    retry: 'never',
    advice: 'The index has no such field, or none of a kind that allows this: look at its `fields`.',
  },
  SEARCH_CURSOR_INVALID: { retry: 'never', advice: 'Give `after` the `next` of the page before, of the same request.' },
  SEARCH_REQUEST_INVALID: { retry: 'never', advice: 'Correct the part of the request that the message names.' },
  SEARCH_DOCUMENT_REFUSED: {
    retry: 'never',
    advice: 'A value does not fit the kind of its field, or the id is none: mend what makes the documents.',
  },
  SEARCH_EPOCH_CHANGED: {
    retry: 'operator',
    advice: 'The documents come from another history (a restore, another cluster): rebuild the index, or `adopt`.',
  },
  // Scale-out
  LEASE_LOST: {
    retry: 'now',
    advice:
      'Nothing: this instance was frozen or could not renew its lease in time, and waits for its turn again. When it happens often, raise ttlMs, or look for what blocks the event loop.',
  },
  LEASE_LANES_DEPEND: {
    retry: 'operator',
    advice:
      "The source has lanes that wait for others, which one instance must read: give leasedSource share: 'source'.",
  },
  // Checkpoints
  CHECKPOINT_FENCED: {
    retry: 'operator',
    advice:
      'Another instance has taken over this pipeline; this one stops writing. Run one instance, or expect the newer one to win.',
  },
  CHECKPOINT_IDENTITY: {
    retry: 'operator',
    advice:
      'The checkpoint belongs to another cluster, timeline or slot. Point the pipeline at the source it was made for, or delete its checkpoints and rebuild the sink.',
  },
  CHECKPOINT_BEHIND: {
    retry: 'operator',
    advice:
      'The source has already given up what follows this checkpoint (a restored store, a second consumer of the slot). Delete the checkpoints and rebuild the sink.',
  },
  CHECKPOINT_MOVED: {
    retry: 'now',
    advice:
      'Nothing: the instance before was still at work; the pipeline opens its source anew, from where that one left off.',
  },
  CHECKPOINT_FORMAT: {
    retry: 'operator',
    advice: 'The stored checkpoint was written by a newer version: upgrade this process.',
  },
  // Test kit and the Postgres that it starts
  POSTGRES_BINARIES_MISSING: {
    retry: 'operator',
    advice:
      'Install with optional dependencies on (npm install --include=optional), or give the URL of a running Postgres in SLUICE_TEST_POSTGRES_URL.',
  },
  POSTGRES_NO_UNPRIVILEGED_USER: {
    retry: 'operator',
    advice: 'Postgres does not run as root: start as another user, or create a user named postgres.',
  },
  POSTGRES_DATA_DIR_IN_USE: {
    retry: 'operator',
    advice: 'Another process runs Postgres on this data directory: stop the process that the details name.',
  },
  POSTGRES_DATA_DIR_FOREIGN: {
    retry: 'operator',
    advice: 'The directory holds something else, or its password is not known: give another dataDir, or the password.',
  },
  POSTGRES_START_FAILED: { retry: 'operator', advice: 'The message ends with what Postgres said last.' },
  TEST_PROXY_LISTEN_FAILED: { retry: 'operator', advice: 'Another program has the port: give another one, or none.' },
  TEST_SERVICE_MISSING: {
    retry: 'operator',
    advice: 'The message says for each way to the service why it was not taken, and what to install or set for it.',
  },
  TEST_SERVICE_START_FAILED: { retry: 'operator', advice: 'The message ends with what the service said last.' },
  TEST_WAIT_TIMEOUT: { retry: 'never', advice: 'The message says what was waited for and how it stood at the end.' },
  TEST_DELIVERY_LEAKED: {
    retry: 'never',
    advice: 'An operator received a delivery and neither passed it on nor settled it; the message names its stage.',
  },
  TEST_RESOURCES_LEAKED: {
    retry: 'never',
    advice: 'Something opened since the snapshot was not closed: the details count it by kind.',
  },
  TEST_PROMISE_BROKEN: { retry: 'never', advice: 'The adapter does not keep the promise that the message names.' },
  // Realtime
  REALTIME_CLOSED: { retry: 'operator', advice: 'The hub was closed: publish before it is, or make another one.' },
  REALTIME_MESSAGE_INVALID: {
    retry: 'never',
    advice: 'Return what JSON can express from `message`: no undefined, no bigint, no cycle.',
  },
  REALTIME_KEYS_UNREACHABLE: {
    retry: 'backoff',
    advice:
      'The address of `jwks` did not answer with a key set: look at what it answers. Handshakes are answered 503 until it does.',
  },
  REALTIME_PRESENCE_INFO: {
    retry: 'never',
    advice:
      'The `info` of a member must have a JSON form of at most `presence.maxInfoBytes`: return less from the `presence` hook.',
  },
  REALTIME_OFFSET_INVALID: {
    retry: 'operator',
    advice:
      'Give `offset` (a whole number from 1, growing within a channel) if the hub has a history with a store or an epoch, and leave it out otherwise.',
  },
  REALTIME_HISTORY_FAILED: {
    retry: 'backoff',
    advice:
      'The history of channels could not be read, or gave messages out of order: the cause or the details say which. Clients try again.',
  },
  // Postgres change data capture
  CDC_CONNECTION_LOST: {
    retry: 'backoff',
    advice:
      'Postgres cannot be reached, or was lost and did not come back in time: the details say why. Look at its address, at the network, and whether it runs.',
  },
  CDC_DATABASE_MISSING: {
    retry: 'operator',
    advice: 'There is no database of this name on the server: correct the connection.',
  },
  CDC_AUTH_FAILED: { retry: 'operator', advice: 'Correct the user, the password or pg_hba.conf.' },
  CDC_PERMISSION_DENIED: {
    retry: 'operator',
    advice: 'Grant the role REPLICATION, SELECT on the tables, and, to create a publication, ownership of them.',
  },
  CDC_WAL_LEVEL: { retry: 'operator', advice: 'Set wal_level = logical and restart Postgres.' },
  CDC_SLOT_MISSING: {
    retry: 'operator',
    advice:
      'The replication slot is gone, and with it the changes since the checkpoint. Delete the checkpoints and rebuild the sink from a new snapshot.',
  },
  CDC_SLOT_INVALIDATED: {
    retry: 'operator',
    advice:
      'Postgres removed WAL that the slot needed (max_slot_wal_keep_size, idle_replication_slot_timeout). Drop the slot, delete the checkpoints and rebuild the sink.',
  },
  CDC_SLOT_ACTIVE: {
    retry: 'backoff',
    advice: 'Another connection reads this slot. Run one reader for each slot, or wait until the other one is gone.',
  },
  CDC_SLOT_UNSUITABLE: {
    retry: 'operator',
    advice: 'The slot belongs to another database or another output plugin. Name another slot.',
  },
  CDC_SLOT_LIMIT: {
    retry: 'operator',
    advice: 'Raise max_replication_slots and max_wal_senders, or drop unused slots.',
  },
  CDC_CHECKPOINT_MISSING: {
    retry: 'operator',
    advice:
      'The slot exists and the checkpoints do not: they were lost, or the slot is not ours. If another pipeline reads it, give this one a slot of its own. Else restore the checkpoints, or drop the slot to start over with a snapshot, or say slot: { create: false } to adopt it.',
  },
  CDC_PUBLICATION_MISSING: {
    retry: 'operator',
    advice: 'Create the publication, or give `tables` to have it created.',
  },
  CDC_PUBLICATION_MISMATCH: {
    retry: 'operator',
    advice: 'The publication was made by someone else and does not hold these tables: alter it, or name another one.',
  },
  CDC_TABLE_MISSING: { retry: 'operator', advice: 'Create the table, or correct its name (schema.name).' },
  CDC_REPLICA_IDENTITY_MISSING: {
    retry: 'operator',
    advice:
      'Once published, such a table could no longer be updated by its owners. Give it a primary key, or ALTER TABLE … REPLICA IDENTITY FULL (or USING INDEX); or make a publication of inserts alone yourself and name it.',
  },
  CDC_CLUSTER_CHANGED: {
    retry: 'operator',
    advice: 'The connection leads to another cluster or timeline now. Rebuild the sink, or connect to the former one.',
  },
  CDC_MESSAGE_TOO_LARGE: { retry: 'operator', advice: 'Raise maxMessageBytes above the size in the details.' },
  CDC_PROTOCOL: { retry: 'backoff', advice: 'The server sent something unexpected; report it with the details.' },
  CDC_SERVER_ERROR: { retry: 'backoff', advice: 'Postgres refused a command; `sqlState` in the details says why.' },
  CDC_TRUNCATE: {
    retry: 'operator',
    advice:
      "A table was truncated, which rows cannot express. Handle `truncate` changes before, or give rowEvents({ truncate: 'skip' }).",
  },
  CDC_DEBEZIUM_ORIGIN: {
    retry: 'never',
    advice:
      'Put toDebezium() next to postgresChanges(): the types of columns are known to its events alone, and not to ones that went through a store.',
  },
  CDC_DEBEZIUM_VALUE: {
    retry: 'never',
    advice:
      "The column that the details name holds a value (NaN or an infinity of numeric or money) that Debezium's format has no form for.",
  },
  // Postgres stores
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
  ...GRPC_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

/** A code from the table. */
export type ErrorCode = keyof typeof ERRORS;
