import { CDC_ERRORS } from './cdc-errors.js';
import type { RetryClass } from './component-error.js';
import { GRPC_ERRORS } from './grpc-errors.js';
import { REALTIME_ERRORS } from './realtime-errors.js';
import { STORE_PG_ERRORS } from './store-pg-errors.js';

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
  ...REALTIME_ERRORS,
  ...CDC_ERRORS,
  ...STORE_PG_ERRORS,
  ...GRPC_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

/** A code from the table. */
export type ErrorCode = keyof typeof ERRORS;
