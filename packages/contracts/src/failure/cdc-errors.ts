import type { ErrorEntry } from './error-table.js';

/** The codes of Postgres change data capture. */
export const CDC_ERRORS = {
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
} as const satisfies Record<string, ErrorEntry>;
