// packages/contracts/src/event/envelope.ts
var NO_HEADERS = Object.freeze({});
var Envelope = class _Envelope {
  data;
  /** Shared by many events. */
  origin;
  /** The event's number, for the origin. */
  ordinal;
  /** What the source read, for the origin; mapping does not change it. */
  record;
  overrides;
  constructor(data, origin, ordinal, record = data, overrides = void 0) {
    this.data = data;
    this.origin = origin;
    this.ordinal = ordinal;
    this.record = record;
    this.overrides = overrides;
  }
  get id() {
    const id = this.origin.id(this.ordinal, this.record);
    return this.overrides?.idSuffix === void 0 ? id : `${id}#${this.overrides.idSuffix}`;
  }
  get type() {
    return this.overrides?.type ?? this.origin.type(this.ordinal, this.record);
  }
  get source() {
    return this.origin.source;
  }
  get key() {
    return this.overrides?.key ?? this.origin.key(this.ordinal, this.record);
  }
  get time() {
    return this.origin.time(this.ordinal, this.record);
  }
  get version() {
    return this.origin.version(this.ordinal, this.record);
  }
  get headers() {
    const headers = this.origin.headers(this.ordinal, this.record) ?? NO_HEADERS;
    return this.overrides?.headers === void 0 ? headers : { ...headers, ...this.overrides.headers };
  }
  /** The same event with other data. Allocates the envelope and nothing else, unless something is overridden too. */
  with(data, overrides) {
    return new _Envelope(data, this.origin, this.ordinal, this.record, joinOverrides(this.overrides, overrides));
  }
  /** Complete: every attribute, in the JSON format of CloudEvents 1.0. A bigint within the data becomes a string. */
  toJSON() {
    const { key, version } = this;
    return {
      specversion: '1.0',
      id: this.id,
      type: this.type,
      source: this.source,
      time: this.time.toISOString(),
      ...(key === void 0 ? {} : { key }),
      epoch: version.epoch,
      version: version.value.toString(),
      headers: this.headers,
      data: jsonSafe(this.data),
    };
  }
};
function joinOverrides(old, added) {
  if (added === void 0 || old === void 0) return added ?? old;
  const headers = old.headers && added.headers ? { ...old.headers, ...added.headers } : (added.headers ?? old.headers);
  const idSuffix = [old.idSuffix, added.idSuffix].filter((part) => part !== void 0).join('#');
  return { ...old, ...added, ...(headers ? { headers } : {}), ...(idSuffix ? { idSuffix } : {}) };
}
function jsonSafe(value) {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return { base64: btoa(Array.from(value, (b) => String.fromCharCode(b)).join('')) };
  if (Array.isArray(value)) return value.map(jsonSafe);
  if (value === null || typeof value !== 'object' || 'toJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonSafe(item)]));
}

// packages/contracts/src/failure/error-table.ts
var ERRORS = {
  // Events and options
  OPTIONS_INVALID: { retry: 'operator', advice: 'Correct the option that the message names.' },
  EVENT_KEY_MALFORMED: {
    retry: 'never',
    advice:
      'The key does not fit the columns the sink was given: name the same key columns, in the same order, as the source.',
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
      'An event could not be processed and there is no dead-letter store. Give `deadLetters` to .to(), or mend the cause.',
  },
  PIPELINE_NOT_CAUGHT_UP: {
    retry: 'backoff',
    advice: 'The pipeline did not reach the head in time: look at its lag and its sink.',
  },
  PIPELINE_SETTLEMENT_TIMEOUT: {
    retry: 'backoff',
    advice: 'A delivery was not settled in time: the message names the stage that holds it.',
  },
  PIPELINE_DISPOSED: { retry: 'operator', advice: 'The pipeline was closed while this was waiting.' },
  SINK_BATCH_FAILED: { retry: 'backoff', advice: 'Some events of a write failed; `failures` has the error of each.' },
  DEAD_LETTERS_FULL: {
    retry: 'operator',
    advice: 'Look at the dead letters, discard or replay them, or give the store more room.',
  },
  MEMORY_FULL: {
    retry: 'backoff',
    advice: 'What reads it is slower than what writes: wait and try again, or give it more capacity.',
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
  TEST_WAIT_TIMEOUT: { retry: 'never', advice: 'The message says what was waited for and how it stood at the end.' },
  TEST_RESOURCES_LEAKED: {
    retry: 'never',
    advice: 'Something opened since the snapshot was not closed: the details count it by kind.',
  },
  TEST_PROMISE_BROKEN: { retry: 'never', advice: 'The adapter does not keep the promise that the message names.' },
  // Realtime
  REALTIME_CLOSED: { retry: 'never', advice: 'The hub was closed: publish before it is, or make another one.' },
  REALTIME_MESSAGE_INVALID: {
    retry: 'never',
    advice: 'Return what JSON can express from `message`: no undefined, no bigint, no cycle.',
  },
  // Postgres change data capture
  CDC_CONNECTION_LOST: {
    retry: 'backoff',
    advice: 'The connection to Postgres was lost and did not come back in time.',
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
      'The slot exists and the checkpoints do not: they were lost, or the slot is not ours. Restore the checkpoints, or drop the slot to start over with a snapshot, or say slot: { create: false } to adopt it.',
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
  CDC_CLUSTER_CHANGED: {
    retry: 'operator',
    advice: 'The connection leads to another cluster or timeline now. Rebuild the sink, or connect to the former one.',
  },
  CDC_MESSAGE_TOO_LARGE: { retry: 'operator', advice: 'Raise maxMessageBytes above the size in the details.' },
  CDC_PROTOCOL: { retry: 'backoff', advice: 'The server sent something unexpected; report it with the details.' },
  CDC_SERVER_ERROR: { retry: 'backoff', advice: 'Postgres refused a command; `sqlState` in the details says why.' },
  CDC_TRUNCATE: {
    retry: 'operator',
    advice: "A table was truncated, which rows cannot express. Handle `truncate` changes, or say { truncate: 'skip' }.",
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
    advice: 'Add the column to the table, or list the columns that you want in `columns`.',
  },
  STORE_PG_KEY_NOT_UNIQUE: {
    retry: 'operator',
    advice: 'The table needs a primary key or a unique index on exactly the columns of `key`.',
  },
  STORE_PG_KEY_MISSING: {
    retry: 'never',
    advice: 'The event has no value for the key of the table: it can be neither written nor deleted.',
  },
};

// packages/contracts/src/failure/component-error.ts
var BRAND = /* @__PURE__ */ Symbol.for('sluice.ComponentError');
var ComponentError = class extends Error {
  name = 'ComponentError';
  code;
  retry;
  advice;
  details;
  constructor(code, message, options = {}) {
    super(`${code}: ${message}`, options.cause === void 0 ? void 0 : { cause: options.cause });
    const known = Object.hasOwn(ERRORS, code) ? ERRORS[code] : void 0;
    this.code = code;
    this.retry = options.retry ?? known?.retry ?? 'backoff';
    this.advice = options.advice ?? known?.advice ?? '';
    this.details = options.details ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }
};
function isComponentError(error) {
  return typeof error === 'object' && error !== null && error[BRAND] === true;
}
var BatchError = class extends ComponentError {
  failures;
  constructor(failures, options = {}) {
    const first = failures.values().next().value;
    super('SINK_BATCH_FAILED', `${failures.size} events failed, the first with ${first?.code ?? 'no code'}`, {
      retry: first?.retry ?? 'backoff',
      ...options,
    });
    this.failures = failures;
  }
};
function isBatchError(error) {
  return isComponentError(error) && error.code === 'SINK_BATCH_FAILED' && 'failures' in error;
}

// packages/contracts/src/event/key.ts
function keyOf(parts) {
  const [only2] = parts;
  return parts.length === 1 && only2 !== void 0 ? only2 : JSON.stringify(parts);
}
function keyParts(key, columns2) {
  if (columns2 === 1) return [key];
  const parts = parseArray(key);
  if (parts?.length === columns2 && parts.every((part) => typeof part === 'string')) return parts;
  throw new ComponentError('EVENT_KEY_MALFORMED', `a key of ${columns2} columns was expected`, {
    details: { columns: columns2 },
  });
}
function parseArray(text2) {
  try {
    const value = JSON.parse(text2);
    return Array.isArray(value) ? value : void 0;
  } catch {
    return void 0;
  }
}

// packages/contracts/src/event/unchanged.ts
var UNCHANGED = /* @__PURE__ */ Symbol.for('sluice.unchanged');

// packages/contracts/src/position/position.ts
function comparePositions(a, b) {
  if (a.resume === b.resume) return a.within - b.within;
  return a.resume < b.resume ? -1 : 1;
}
function paddedPosition(value) {
  return value.toString(16).toUpperCase().padStart(16, '0');
}

// packages/runtime/src/delivery/delivery.ts
var Delivery = class _Delivery {
  /** @internal Deliveries are made by the runtime, and from each other. */
  constructor(events, lane, bytes, flow, entries, partition) {
    this.events = events;
    this.lane = lane;
    this.bytes = bytes;
    this.flow = flow;
    this.entries = entries;
    this.partition = partition;
  }
  events;
  lane;
  bytes;
  flow;
  entries;
  partition;
  /** @internal */
  stage;
  /** @internal */
  previous;
  /** @internal */
  next;
  /** @internal When the present stage received it, by the custody's clock. */
  since = 0;
  /** @internal */
  spent = false;
  /** @internal Whether its lane was taken away while it was on its way. */
  get stale() {
    return this.entries.some((entry) => entry.ledger.abandoned);
  }
  /** The same delivery with other events. */
  with(events) {
    this.#spend();
    const made = new _Delivery(events, this.lane, this.bytes, this.flow, this.entries, this.partition);
    this.stage?.replace(this, made);
    return made;
  }
  /**
   * Cuts the delivery. It counts as settled when all parts are. Parts must be given in the order in which they are to be
   * emitted; with no parts at all the delivery is settled.
   */
  split(parts) {
    if (parts.length === 0) {
      this.settle();
      return [];
    }
    this.#spend();
    for (const entry of this.entries) entry.open += parts.length - 1;
    const share = this.bytes / parts.length;
    const made = parts.map(
      (part) => new _Delivery(part.events, this.lane, share, this.flow, this.entries, part.partition ?? this.partition),
    );
    let before = this;
    for (const part of made) {
      before.stage?.insertAfter(before, part);
      before = part;
    }
    this.stage?.remove(this);
    return made;
  }
  /**
   * Joins deliveries of one lane, in order, into one; all of them count as settled when it is. Those whose lane was taken
   * away in the meantime are left out: its new owner reads them again.
   *
   * @throws TypeError when there are none, or when their lanes or partitions differ.
   */
  static merge(all) {
    const stale = all.filter((one) => one.stale);
    const deliveries = stale.length === all.length ? all : all.filter((one) => !one.stale);
    const last = deliveries.at(-1);
    if (last === void 0) throw new TypeError('Delivery.merge needs at least one delivery');
    if (
      deliveries.some((one) => one.lane !== last.lane || one.partition !== last.partition || one.flow !== last.flow)
    ) {
      throw new TypeError('Delivery.merge joins deliveries of one lane and partition only');
    }
    if (deliveries !== all) for (const one of stale) one.settle();
    if (deliveries.length === 1) return last;
    for (const one of deliveries) one.#spend();
    const made = new _Delivery(
      eventsOf(deliveries),
      last.lane,
      deliveries.reduce((sum, one) => sum + one.bytes, 0),
      last.flow,
      deliveries.flatMap((one) => one.entries),
      last.partition,
    );
    last.stage?.replace(last, made);
    for (const one of deliveries) if (one !== last) one.stage?.remove(one);
    return made;
  }
  /** Done with: nothing of it needs to reach the sink. */
  settle() {
    this.#spend();
    this.stage?.remove(this);
    this.flow.release(this.entries);
  }
  /**
   * Hands over events that can't be processed: to the dead letters where there are some, else the pipeline fails. They count
   * as part of this delivery until they are durable there. The delivery itself goes on with whatever you give to `with`.
   */
  divert(failures) {
    if (failures.length === 0) return;
    if (this.spent) throw reused(this);
    for (const entry of this.entries) entry.open += 1;
    this.flow.divert(this.lane, this.entries, failures);
  }
  #spend() {
    if (this.spent) throw reused(this);
    this.spent = true;
  }
};
function eventsOf(deliveries) {
  const [only2] = deliveries;
  if (only2 !== void 0 && deliveries.length === 1) return only2.events;
  const events = [];
  for (const delivery of deliveries) for (const event of delivery.events) events.push(event);
  return events;
}
function reused(delivery) {
  return new ComponentError('PIPELINE_DELIVERY_REUSED', `a delivery of lane ${delivery.lane} was used twice`, {
    details: { lane: delivery.lane, events: delivery.events.length, stage: delivery.stage?.name ?? 'none' },
  });
}

// packages/runtime/src/operators/batch-by.ts
// packages/runtime/src/operators/each-event.ts
import { Observable, Observable as Observable2 } from 'rxjs';

function eachEvent(name, handle) {
  const operator = (deliveries) =>
    new Observable((out) =>
      deliveries.subscribe({
        next(delivery) {
          const { events } = delivery;
          const made = [];
          let failures;
          for (let at = 0; at < events.length; at++) {
            const before = made.length;
            const event = events[at];
            try {
              handle(event, made);
            } catch (cause) {
              made.length = before;
              failures ??= [];
              failures.push({ event, cause });
            }
          }
          if (failures) delivery.divert(failures);
          if (made.length === 0) delivery.settle();
          else out.next(delivery.with(made));
        },
        error: (cause) => out.error(cause),
        complete: () => out.complete(),
      }),
    );
  return named(name, operator);
}
function named(name, operator) {
  return Object.defineProperty(operator, 'name', { value: name });
}

// packages/runtime/src/operators/batch-by.ts
var HOLDS = /* @__PURE__ */ Symbol('sluice.holds');

// packages/runtime/src/operators/expand-events.ts
function expandEvents(expand) {
  return eachEvent('expandEvents', (event, out) => {
    if (event.data === null) out.push(event);
    else for (const made of expand(event.data, event)) out.push(made);
  });
}

// packages/runtime/src/pipeline/pipeline.ts
import { Observable as Observable4 } from 'rxjs';

// packages/runtime/src/retry/retry-policy.ts
function retryPolicy(options = {}) {
  const policy = { maxAttempts: 8, initialMs: 50, maxMs: 3e4, factor: 2, ...options };
  const least = { maxAttempts: 1, initialMs: 0, maxMs: 0, factor: 1 };
  for (const name of Object.keys(least)) {
    const value = policy[name];
    if (typeof value === 'number' && value >= least[name] && Number.isFinite(value)) continue;
    throw new ComponentError('OPTIONS_INVALID', `retry.${name} must be a finite number of at least ${least[name]}`);
  }
  return policy;
}
function backoffMs(policy, attempt, random = Math.random) {
  const ceiling = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}
function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

// packages/runtime/src/pipeline/plan.ts
function plan(name, options, parts, to) {
  if (!/^[\w.:-]{1,200}$/.test(name)) {
    invalid('the name of a pipeline has 1 to 200 letters, digits and any of _ . : -');
  }
  const { source: source2, sink } = parts;
  if (!to.checkpoints && source2.features.ack === 'cumulative' && sink.features.delivery !== 'atomic') {
    invalid(
      `pipeline ${name}: \`checkpoints\` is needed, for ${sink.name} keeps none (memoryCheckpoints() if they may go)`,
    );
  }
  const bytes = positive('credits.bytes', options.credits?.bytes ?? 16 * 1024 * 1024);
  const batches = positive('credits.batches', options.credits?.batches ?? 1024);
  const maxBatchBytes = positive('maxBatchBytes', options.maxBatchBytes ?? Math.min(1024 * 1024, Math.ceil(bytes / 4)));
  if (maxBatchBytes > bytes) invalid('`maxBatchBytes` is above `credits.bytes`');
  return {
    name,
    ...parts,
    checkpoints: to.checkpoints,
    deadLetters: to.deadLetters,
    retry: retryPolicy(to.retry),
    credits: { bytes, batches },
    options: {
      maxBatchBytes,
      maxUnsettled: positive('maxUnsettled', options.maxUnsettled ?? 8192),
      unordered: options.unordered ?? false,
      settlementTimeoutMs: positive('settlementTimeoutMs', options.settlementTimeoutMs ?? 12e4),
      checkpointIntervalMs: positive('checkpointIntervalMs', options.checkpointIntervalMs ?? 100, 0),
      drainTimeoutMs: positive('drainTimeoutMs', options.drainTimeoutMs ?? 1e4),
      ...(options.notice ? { notice: options.notice } : {}),
    },
    guarantee: guaranteeOf(source2.features, sink.features),
  };
}
function guaranteeOf(source2, sink) {
  if (!source2.replayable) return 'at-most-once';
  if (sink.delivery === 'idempotent') return 'effectively-once';
  return sink.delivery === 'atomic' && source2.ack === 'cumulative' ? 'effectively-once' : 'at-least-once';
}
function positive(option, value, least = 1) {
  if (Number.isFinite(value) && value >= least) return value;
  return invalid(`\`${option}\` must be a finite number of at least ${least}`);
}
function invalid(message) {
  throw new ComponentError('OPTIONS_INVALID', message);
}

// packages/runtime/src/pipeline/running-pipeline.ts
import { channel } from 'node:diagnostics_channel';
import { hostname } from 'node:os';

// packages/runtime/src/retry/failure-class.ts
function retryClass(error) {
  return isComponentError(error) ? error.retry : 'backoff';
}
function causeOf(error) {
  if (isComponentError(error)) return { code: error.code, message: error.message };
  const name = error instanceof Error ? error.name : typeof error;
  return { code: 'UNKNOWN', message: `${name} (its text is withheld, for it may hold data)` };
}
function asStageError(error) {
  return isComponentError(error)
    ? error
    : new ComponentError('PIPELINE_STAGE_FAILED', 'an operator ended with an error', { cause: error });
}

// packages/runtime/src/checkpoint/checkpointer.ts
var Checkpointer = class {
  constructor(parts) {
    this.parts = parts;
  }
  parts;
  #dirty = /* @__PURE__ */ new Set();
  #timer;
  #saving;
  #lastSave = 0;
  #broken = false;
  /** The lane's prefix has moved on. */
  advanced(lane) {
    this.#dirty.add(lane);
    if (this.#timer !== void 0 || this.#saving !== void 0 || this.#broken || this.parts.signal.aborted) return;
    const wait = Math.max(0, this.#lastSave + this.parts.intervalMs - Date.now());
    this.#timer = setTimeout(() => void this.#save(), wait);
  }
  /** Stores what is settled now, and waits for it; unless a save has failed for good. */
  async flush() {
    while (this.#saving !== void 0 || (this.#dirty.size > 0 && !this.#broken && !this.parts.signal.aborted)) {
      await (this.#saving ?? this.#save());
    }
  }
  /** Ends the timer. */
  close() {
    clearTimeout(this.#timer);
    this.#timer = void 0;
    this.#dirty.clear();
  }
  #save() {
    clearTimeout(this.#timer);
    this.#timer = void 0;
    const saving = this.#saveDirty().catch((error) => {
      this.#broken = true;
      this.parts.failed(error);
    });
    this.#saving = saving.then(() => {
      this.#saving = void 0;
      this.#lastSave = Date.now();
      for (const lane of this.#dirty) this.advanced(lane);
    });
    return this.#saving;
  }
  async #saveDirty() {
    const due = [];
    for (const lane of this.#dirty) {
      const run = this.parts.lane(lane);
      const position = run?.unstored;
      if (run && position) due.push({ run, position });
    }
    this.#dirty.clear();
    if (due.length === 0) return;
    const writes = due.map(({ run, position }) => run.checkpointWrite(position));
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = await this.parts.store.save(writes);
        if (outcome === 'fenced') throw fenced(due.map(({ run }) => run.lane));
        for (const { run, position } of due) run.stored(position);
        return;
      } catch (error) {
        if (this.parts.signal.aborted) return;
        const { policy } = this.parts;
        if (retryClass(error) === 'operator' || attempt >= policy.maxAttempts) throw error;
        this.parts.retried(error, attempt);
        await pause(backoffMs(policy, attempt), this.parts.signal);
      }
    }
  }
};
function fenced(lanes) {
  return new ComponentError('CHECKPOINT_FENCED', `another instance has taken over ${lanes.join(', ')}`, {
    details: { lanes },
  });
}

// packages/runtime/src/credits/credits.ts
var Credits = class {
  constructor(maxBytes, maxBatches) {
    this.maxBytes = maxBytes;
    this.maxBatches = maxBatches;
  }
  maxBytes;
  maxBatches;
  #bytes = 0;
  #batches = 0;
  #waiting = [];
  get bytes() {
    return this.#bytes;
  }
  get batches() {
    return this.#batches;
  }
  /** Whether a lane may pull now. */
  get available() {
    return this.#bytes < this.maxBytes && this.#batches < this.maxBatches;
  }
  /** Whether a lane waits for credit. */
  get awaited() {
    return this.#waiting.length > 0;
  }
  take(bytes) {
    this.#bytes += bytes;
    this.#batches += 1;
  }
  giveBack(bytes) {
    this.#bytes -= bytes;
    this.#batches -= 1;
    if (this.#waiting.length > 0 && this.available) this.wake();
  }
  /** Resolves when there may be credit; ask `available` again then. */
  wait() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  /** Lets everyone who waits look again. */
  wake() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
};

// packages/runtime/src/custody/stage.ts
var Stage = class {
  constructor(name, holds) {
    this.name = name;
    this.holds = holds;
  }
  name;
  holds;
  first;
  last;
  held = 0;
  append(delivery, now) {
    delivery.since = now;
    this.#link(delivery, this.last, void 0);
  }
  insertAfter(before, delivery) {
    delivery.since = before.since;
    this.#link(delivery, before, before.next);
  }
  replace(old, made) {
    this.insertAfter(old, made);
    this.remove(old);
  }
  remove(delivery) {
    if (delivery.stage !== this) return;
    if (delivery.previous) delivery.previous.next = delivery.next;
    else this.first = delivery.next;
    if (delivery.next) delivery.next.previous = delivery.previous;
    else this.last = delivery.previous;
    delivery.previous = void 0;
    delivery.next = void 0;
    delivery.stage = void 0;
    this.held -= 1;
  }
  #link(delivery, previous, next) {
    delivery.stage = this;
    delivery.previous = previous;
    delivery.next = next;
    if (previous) previous.next = delivery;
    else this.first = delivery;
    if (next) next.previous = delivery;
    else this.last = delivery;
    this.held += 1;
  }
};

// packages/runtime/src/custody/custody.ts
var Custody = class {
  /** The last stage is the sink. */
  constructor(stages, unordered) {
    this.unordered = unordered;
    this.#stages = stages.map((stage) => new Stage(stage.name, stage.holds));
  }
  unordered;
  #stages;
  #clock = Date.now();
  /** A delivery comes from the source. */
  receive(delivery) {
    this.#stages[0].append(delivery, this.#clock);
  }
  /** A delivery leaves stage `index` for the next. */
  pass(delivery, index) {
    const from = this.#stages[index];
    if (delivery.spent || delivery.stage !== from) throw reused(delivery);
    if (from.first !== delivery && !this.unordered) refuseOvertaking(from, delivery);
    from.remove(delivery);
    this.#stages[index + 1].append(delivery, this.#clock);
  }
  report() {
    return this.#stages.map(({ name, held }) => ({ name, held }));
  }
  /** Moves the clock on, and answers with an error when a stage other than the sink has kept a delivery for too long. */
  overdue(now, timeoutMs) {
    this.#clock = now;
    for (const stage of this.#stages.slice(0, -1)) {
      const oldest = stage.first;
      if (oldest === void 0 || stage.holds || now - oldest.since < timeoutMs) continue;
      return new ComponentError(
        'PIPELINE_DELIVERY_LOST',
        `${stage.name} has kept a delivery of lane ${oldest.lane} for more than ${timeoutMs} ms`,
        { details: { stage: stage.name, held: stage.held, lane: oldest.lane, timeoutMs } },
      );
    }
    return void 0;
  }
};
function refuseOvertaking(stage, delivery) {
  let keys;
  for (let earlier = stage.first; earlier !== void 0 && earlier !== delivery; earlier = earlier.next) {
    if (earlier.lane !== delivery.lane || disjoint(earlier, delivery)) continue;
    keys ??= keysOf(delivery);
    for (const event of earlier.events) {
      const key = event.key;
      if (key === void 0 || !keys.has(key)) continue;
      throw new ComponentError(
        'PIPELINE_DELIVERY_REORDERED',
        `${stage.name} let an event overtake one of the same key`,
        {
          details: { stage: stage.name, lane: delivery.lane },
        },
      );
    }
  }
}
function disjoint(a, b) {
  return a.partition !== void 0 && b.partition !== void 0 && a.partition !== b.partition;
}
function keysOf(delivery) {
  const keys = /* @__PURE__ */ new Set();
  for (const event of delivery.events) if (event.key !== void 0) keys.add(event.key);
  return keys;
}

// packages/runtime/src/dead-letters/bury.ts
async function bury({ name, sink, deadLetters, retry }, grave, signal, retried) {
  const { lane, failures, attempts } = grave;
  if (deadLetters === void 0) {
    const first = failures[0];
    const { code, message } = causeOf(first.cause);
    throw new ComponentError('PIPELINE_EVENT_FAILED', `event ${first.event.id} can't be processed: ${message}`, {
      cause: first.cause,
      details: { pipeline: name, lane, event: first.event.id, events: failures.length, attempts, code },
    });
  }
  const position = grave.position ?? { resume: '', within: 0 };
  const at = /* @__PURE__ */ new Date();
  const letters = failures.map(({ event, cause }) => ({
    pipeline: name,
    sink: sink.name,
    lane,
    position,
    event,
    cause: causeOf(cause),
    attempts,
    at,
  }));
  for (let attempt = 1; ; attempt++) {
    try {
      await deadLetters.put(letters);
      return;
    } catch (error) {
      if (signal.aborted || retryClass(error) === 'operator' || attempt >= retry.maxAttempts) throw error;
      retried(error, attempt);
      await pause(backoffMs(retry, attempt), signal);
    }
  }
}

// packages/runtime/src/delivery/flow.ts
var Flow = class {
  constructor(diverted, pressed) {
    this.diverted = diverted;
    this.pressed = pressed;
  }
  diverted;
  pressed;
  #flushers = /* @__PURE__ */ new Set();
  /** Whether nothing may be held back now: the pipeline waits for credit with nothing being written, or it drains. */
  get urgent() {
    return this.pressed();
  }
  /**
   * Registers an operator that holds deliveries back. `emit` is called when it must let go of them at once: the pipeline
   * waits for credit and nothing is being written, or it drains. Returns what unregisters it.
   */
  onFlush(emit) {
    this.#flushers.add(emit);
    return () => this.#flushers.delete(emit);
  }
  /** Makes every holding operator emit what it holds. */
  flush() {
    for (const emit of this.#flushers) emit();
  }
  release(entries) {
    for (const entry of entries) entry.ledger.release(entry);
  }
  divert(lane, entries, failures) {
    this.diverted(lane, entries, failures);
  }
};

// packages/runtime/src/settlement/ledger.ts
var Entry = class {
  constructor(ledger, seq, position, events, bytes, tokens) {
    this.ledger = ledger;
    this.seq = seq;
    this.position = position;
    this.events = events;
    this.bytes = bytes;
    this.tokens = tokens;
  }
  ledger;
  seq;
  position;
  events;
  bytes;
  tokens;
  /** Deliveries that still hold a claim on this batch. */
  open = 1;
  /** Of those, the ones that wait at the sink. */
  arrived = 0;
};
var Ledger = class {
  constructor(listener, start) {
    this.listener = listener;
    this.settled = start;
  }
  listener;
  #entries = [];
  #head = 0;
  #nextSeq = 0;
  #abandoned = false;
  /** The end of the contiguous settled prefix; undefined until there is one. */
  settled;
  /** Whether the lane is no longer ours: settlements that still come are ignored. */
  get abandoned() {
    return this.#abandoned;
  }
  /** Entries that are not behind the prefix yet; settled ones that wait for an earlier one count. */
  get length() {
    return this.#entries.length - this.#head;
  }
  /** A batch has arrived. It is open until every delivery that was made of it is settled. */
  append(position, events, bytes, tokens) {
    const entry = new Entry(this, this.#nextSeq++, position, events, bytes, tokens);
    this.#entries.push(entry);
    return entry;
  }
  /** Nothing for us up to `position`: the prefix moves on once what came before is settled. */
  progress(position) {
    const entry = this.append(position, 0, 0);
    this.release(entry);
  }
  /** Gives back one claim on the entry. */
  release(entry) {
    if (this.#abandoned) return;
    entry.open -= 1;
    if (entry.open > 0) {
      this.listener.narrowed(entry);
      return;
    }
    this.listener.released(entry, 'settled');
    if (entry === this.#entries[this.#head]) this.#advance();
  }
  /** Entries from the oldest on, until `visit` answers false. */
  walk(visit) {
    for (let at = this.#head; at < this.#entries.length; at++) {
      if (!visit(this.#entries[at])) return;
    }
  }
  /** Ends the ledger; returns how many events were still open. */
  abandon() {
    if (this.#abandoned) return 0;
    this.#abandoned = true;
    let events = 0;
    this.walk((entry) => {
      if (entry.open > 0) {
        events += entry.events;
        this.listener.released(entry, 'abandoned');
      }
      return true;
    });
    this.#entries = [];
    this.#head = 0;
    return events;
  }
  #advance() {
    let position;
    for (let entry = this.#entries[this.#head]; entry !== void 0 && entry.open === 0; ) {
      position = entry.position;
      this.#head += 1;
      entry = this.#entries[this.#head];
    }
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    if (position === void 0) return;
    this.settled = position;
    this.listener.advanced(position);
  }
};

// packages/runtime/src/lane/confirmations.ts
var Confirmations = class {
  constructor(reader, failed) {
    this.reader = reader;
    this.failed = failed;
  }
  reader;
  failed;
  #due;
  #running;
  confirm(position) {
    this.#due = position;
    this.#running ??= this.#run();
  }
  async idle() {
    await this.#running;
  }
  async #run() {
    try {
      for (let position = this.#due; position !== void 0; position = this.#due) {
        this.#due = void 0;
        await this.reader.confirm(position);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.#running = void 0;
    }
  }
};

// packages/runtime/src/lane/lane-run.ts
var FRAMES_PER_TURN = 256;
var LaneRun = class {
  constructor(reader, setting) {
    this.reader = reader;
    this.setting = setting;
    this.#stored = setting.stored;
    this.#confirmations = new Confirmations(reader, setting.failed);
    this.ledger = new Ledger(
      {
        released: (entry, outcome) => this.#released(entry, outcome),
        advanced: () => {
          if (setting.credits.awaited) setting.credits.wake();
          if (setting.fence !== void 0) setting.advanced(this);
          this.look();
        },
        narrowed: () => setting.advanced(this),
      },
      setting.stored,
    );
  }
  reader;
  setting;
  ledger;
  #confirmations;
  #acks = /* @__PURE__ */ new Set();
  #stored;
  #stopped = false;
  #ended = false;
  #watchers = [];
  get lane() {
    return this.reader.lane;
  }
  /** The settled position, when it is ahead of the stored one. */
  get unstored() {
    const { settled } = this.ledger;
    if (settled === void 0) return void 0;
    return this.#stored !== void 0 && comparePositions(settled, this.#stored) <= 0 ? void 0 : settled;
  }
  /** Whether all frames were read and everything that was read is settled. */
  get finished() {
    return this.#ended && this.ledger.length === 0;
  }
  /** The change that stores `position` for this lane. */
  checkpointWrite(position) {
    const { pipeline: pipeline2, sink, identity, fence } = this.setting;
    const checkpoint = position === null ? null : { position, identity };
    return { pipeline: pipeline2, sink, lane: this.lane, fence: fence ?? 0n, checkpoint };
  }
  /** `position` is durable in the checkpoint store: the source may give up what lies before it. */
  stored(position) {
    this.#stored = position;
    this.#confirmations.confirm(position);
  }
  /** The lane begins at `position`, which is durable. */
  startAt(position) {
    this.#stored = position;
    this.ledger.settled = position;
  }
  /** Reads frames until the lane ends or `stop` is called. */
  async pull() {
    const { credits, maxUnsettled } = this.setting;
    const frames2 = this.reader.frames()[Symbol.asyncIterator]();
    for (let pulled = 1; ; pulled++) {
      while (!this.#stopped && (!credits.available || this.ledger.length >= maxUnsettled)) {
        const credit = credits.wait();
        this.setting.starved();
        await credit;
      }
      if (this.#stopped) return;
      const next = await frames2.next();
      if (this.#stopped) return;
      if (next.done) break;
      this.#take(next.value);
      if (pulled % FRAMES_PER_TURN === 0) await new Promise(setImmediate);
    }
    this.#ended = true;
    this.look();
  }
  /** No more frames are taken up. What a pull that is under way brings is dropped, and delivered again another time. */
  stop() {
    this.#stopped = true;
  }
  /** Resolves when `done` holds; it is asked after every change. */
  until(done) {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ done, resolve }));
  }
  /** Asks those who wait in `until`. */
  look() {
    if (this.#watchers.length === 0) return;
    const due = this.#watchers.filter((watcher) => watcher.done());
    this.#watchers = this.#watchers.filter((watcher) => !due.includes(watcher));
    for (const { resolve } of due) resolve();
  }
  /** For individual acks: keeps what is in flight ours. */
  extend(forMs) {
    this.ledger.walk(({ open: open2, tokens }) => {
      if (open2 > 0) for (const token of tokens ?? []) this.#track(token.extend(forMs));
      return true;
    });
  }
  /** Waits until what is stored was confirmed, and what is settled was acked. */
  async confirmed() {
    await this.#confirmations.idle();
    await Promise.all(this.#acks);
  }
  #take(frame) {
    if (frame.kind === 'progress') {
      this.ledger.progress(frame.position);
      return;
    }
    const { credits } = this.setting;
    if (frame.bytes > credits.maxBytes) {
      throw new ComponentError('PIPELINE_EVENT_TOO_LARGE', `a batch of ${frame.bytes} bytes is above the budget`, {
        details: { lane: this.lane, bytes: frame.bytes, budget: credits.maxBytes, events: frame.events.length },
      });
    }
    credits.take(frame.bytes);
    const entry = this.ledger.append(frame.position, frame.events.length, frame.bytes, frame.tokens);
    this.setting.receive(this, frame, entry);
  }
  #released(entry, outcome) {
    if (entry.events > 0) this.setting.credits.giveBack(entry.bytes);
    for (const token of entry.tokens ?? []) {
      this.#track(outcome === 'settled' ? token.ack() : token.release(0));
    }
  }
  /** A failed ack is no loss: the source delivers the event again. */
  #track(ack) {
    const tracked = ack
      .catch((error) => this.setting.notice(`lane ${this.lane}: an ack failed (${nameOf(error)})`))
      .finally(() => this.#acks.delete(tracked));
    this.#acks.add(tracked);
  }
};
function nameOf(error) {
  return error instanceof ComponentError ? error.code : error instanceof Error ? error.name : 'unknown';
}

// packages/runtime/src/lane/lane-set.ts
var LaneSet = class {
  constructor(parts) {
    this.parts = parts;
  }
  parts;
  #runs = /* @__PURE__ */ new Map();
  #over = /* @__PURE__ */ new Set();
  #allAnnounced = false;
  #ending = 0;
  #watchers = [];
  /** Whether a lane is waiting for its last deliveries to settle. */
  get ending() {
    return this.#ending > 0;
  }
  get(lane) {
    return this.#runs.get(lane);
  }
  all() {
    return this.#runs.values();
  }
  /** Whether the lane was announced, and has ended and settled; or whether it will never be announced. */
  isOver(lane) {
    return this.#over.has(lane) || (this.#allAnnounced && !this.#runs.has(lane));
  }
  /** Serves every lane; resolves when all have ended. */
  async serve() {
    const served = [];
    for await (const reader of this.parts.session.lanes()) {
      const run = await this.#takeUp(reader);
      const lane = this.#read(reader, run);
      lane.catch(this.parts.setting.failed);
      served.push(lane);
      void this.#heedRevocation(reader, run).catch(this.parts.setting.failed);
    }
    this.#allAnnounced = true;
    this.#changed();
    await Promise.all(served);
  }
  /** No lane pulls any more. */
  stop() {
    for (const run of this.#runs.values()) run.stop();
    this.parts.setting.credits.wake();
  }
  async #takeUp(reader) {
    const { store, checkpoints: checkpoints2, session, owner, setting } = this.parts;
    const { lane } = reader;
    const known = checkpoints2.get(lane) ?? void 0;
    refuseBehind(lane, known?.position, reader.confirmed);
    const fence = store && (await store.acquire(setting.pipeline, setting.sink, lane, owner)).fence;
    const stored = known?.position;
    const run = new LaneRun(reader, { ...setting, identity: session.identity, fence, stored });
    this.#runs.set(lane, run);
    this.#over.delete(lane);
    return run;
  }
  async #read(reader, run) {
    const before = reader.after ?? [];
    while (!before.every((lane) => this.isOver(lane))) {
      await new Promise((resolve) => this.#watchers.push(resolve));
    }
    await this.#begin(reader, run, before);
    await run.pull();
    this.#ending += 1;
    await run.until(() => run.finished || run.ledger.abandoned);
    this.#ending -= 1;
    if (run.ledger.abandoned) return;
    await this.parts.flush();
    await run.confirmed();
    this.#over.add(run.lane);
    this.#changed();
  }
  /** Puts the beginning of a lane on record, in one step with the end of those before it. */
  async #begin(reader, run, before) {
    const { store } = this.parts;
    const { start } = reader;
    if (!store || start === void 0 || run.ledger.settled !== void 0) return;
    const ended = before.flatMap((lane) => this.#runs.get(lane)?.checkpointWrite(null) ?? []);
    const outcome = await store.save([run.checkpointWrite(start), ...ended]);
    if (outcome === 'fenced') throw fenced([run.lane]);
    run.startAt(start);
    for (const lane of before) this.#runs.delete(lane);
  }
  async #heedRevocation(reader, run) {
    const revocation = await reader.revoked;
    run.stop();
    this.parts.setting.credits.wake();
    this.#ending += 1;
    let timer;
    const deadline = new Promise((resolve) => {
      timer = setTimeout(resolve, Math.max(0, revocation.deadline - Date.now()));
    });
    const handedBack = run
      .until(() => run.ledger.length === 0 || run.ledger.abandoned)
      .then(() => this.parts.flush())
      .then(() => run.confirmed());
    await Promise.race([handedBack, deadline]);
    clearTimeout(timer);
    this.#ending -= 1;
    run.ledger.abandon();
    if (this.#runs.get(run.lane) === run) {
      this.#runs.delete(run.lane);
      this.parts.forget(run.lane);
    }
    run.look();
    this.#changed();
    revocation.done();
  }
  #changed() {
    for (const look of this.#watchers.splice(0)) look();
  }
};
function refuseBehind(lane, stored, confirmed) {
  if (!stored || !confirmed || comparePositions({ ...stored, within: 0 }, { ...confirmed, within: 0 }) >= 0) return;
  throw new ComponentError(
    'CHECKPOINT_BEHIND',
    `lane ${lane}: the checkpoint lies before what the source has given up`,
    {
      details: { lane, checkpoint: stored.resume, confirmed: confirmed.resume },
    },
  );
}

// packages/runtime/src/sink/atomic-writer.ts
var AtomicWriter = class {
  constructor(parts) {
    this.parts = parts;
  }
  parts;
  #waiting = /* @__PURE__ */ new Map();
  #running = /* @__PURE__ */ new Map();
  #timers = /* @__PURE__ */ new Map();
  #closed = false;
  get idle() {
    return this.#running.size === 0;
  }
  accept(delivery) {
    if (delivery.stale) {
      delivery.settle();
      return;
    }
    const waiting = this.#waiting.get(delivery.lane);
    if (waiting) waiting.push(delivery);
    else this.#waiting.set(delivery.lane, [delivery]);
    for (const entry of delivery.entries) entry.arrived += 1;
    this.#wake(delivery.lane);
  }
  forget(lane) {
    for (const delivery of this.#waiting.get(lane) ?? []) delivery.settle();
    this.#waiting.delete(lane);
    clearTimeout(this.#timers.get(lane));
    this.#timers.delete(lane);
  }
  advanced(lane) {
    if (this.#waiting.get(lane)?.length) this.#wake(lane);
    if (this.#closed || this.#timers.has(lane)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(lane);
      this.#wake(lane, true);
    }, this.parts.intervalMs);
    this.#timers.set(lane, timer);
  }
  async flush() {
    for (const lane of /* @__PURE__ */ new Set([...this.#timers.keys(), ...this.#running.keys()])) {
      await this.#running.get(lane);
      this.#wake(lane, true);
      await this.#running.get(lane);
    }
  }
  async close() {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#running.values());
  }
  #wake(lane, alsoEmpty = false) {
    if (this.#closed || this.#running.has(lane)) return;
    const run = this.parts.lane(lane);
    if (run === void 0) return;
    const first = this.#next(run);
    if (first === void 0 && !(alsoEmpty && run.unstored !== void 0)) return;
    const running = this.#run(run, first);
    this.#running.set(lane, running);
  }
  async #run(run, first) {
    let group = first ?? { deliveries: [], position: run.unstored };
    try {
      for (;;) {
        const { deliveries, position } = group;
        const events = eventsOf(deliveries);
        await this.parts.write({ lane: run.lane, position, events, checkpoints: [run.checkpointWrite(position)] });
        run.stored(position);
        for (const delivery of deliveries) delivery.settle();
        const next = this.#closed ? void 0 : this.#next(run);
        if (next === void 0) break;
        group = next;
      }
    } catch (error) {
      if (run.ledger.abandoned) for (const delivery of group.deliveries) delivery.settle();
      else this.parts.failed(error);
    } finally {
      this.#running.delete(run.lane);
      if (this.idle) this.parts.becameIdle();
    }
  }
  /**
   * The deliveries of a run of complete batches from the oldest on, cut where no delivery spans the cut: as many as make up
   * `maxEvents`, or the fewest possible.
   */
  #next(run) {
    const waiting = this.#waiting.get(run.lane);
    if (waiting === void 0 || waiting.length === 0) return void 0;
    const spans = /* @__PURE__ */ new Map();
    for (const { entries } of waiting) {
      const seqs = entries.map(({ seq: seq2 }) => seq2);
      const first = Math.min(...seqs);
      spans.set(first, Math.max(spans.get(first) ?? 0, ...seqs));
    }
    let cut;
    let reach = -1;
    let events = 0;
    run.ledger.walk((entry) => {
      if (entry.open !== entry.arrived) return false;
      events += entry.events;
      if (cut !== void 0 && events > this.parts.maxEvents) return false;
      reach = Math.max(reach, spans.get(entry.seq) ?? -1);
      if (reach <= entry.seq) cut = entry;
      return true;
    });
    if (cut === void 0) return void 0;
    const { seq, position } = cut;
    const covered = (delivery) => delivery.entries.every((entry) => entry.seq <= seq);
    const deliveries = waiting.filter(covered).sort(bySource);
    if (deliveries.length === 0) return void 0;
    const rest = waiting.filter((delivery) => !covered(delivery));
    this.#waiting.set(run.lane, rest);
    return { deliveries, position };
  }
};
function bySource(a, b) {
  return (a.entries[0]?.seq ?? 0) - (b.entries[0]?.seq ?? 0);
}

// packages/runtime/src/sink/durable-write.ts
async function writeDurably(write, setting) {
  const { session, policy, signal } = setting;
  const { checkpoints: checkpoints2 } = write;
  let left = write.events;
  for (let attempt = 1; ; attempt++) {
    try {
      await session.write(left, { checkpoints: checkpoints2, attempt: attempt - 1, signal });
      return;
    } catch (error) {
      if (signal.aborted || retryClass(error) === 'operator') throw error;
      const last = attempt >= policy.maxAttempts;
      if (isBatchError(error)) {
        left = await sortOut(error.failures, left, last, attempt, setting);
        if (left.length === 0 && checkpoints2.length === 0) return;
        if ([...error.failures.values()].every((cause) => cause.retry === 'never') || last) continue;
      } else if (retryClass(error) === 'never' || (last && !isComponentError(error))) {
        return writeAlone(left, error, attempt, setting);
      } else if (last) throw error;
      setting.retried(error, attempt);
      if (retryClass(error) !== 'now') await pause(backoffMs(policy, attempt), signal);
    }
  }
}
async function sortOut(failures, events, last, attempts, { atomic, bury: bury2 }) {
  const hopeless = /* @__PURE__ */ new Map();
  for (const [index, cause] of failures) {
    const event = events[index];
    if (cause.retry === 'operator') throw cause;
    if (event && (last || cause.retry === 'never')) hopeless.set(index, { event, cause });
  }
  if (hopeless.size > 0) await bury2([...hopeless.values()], attempts);
  return events.filter((_, index) => !hopeless.has(index) && (atomic || failures.has(index)));
}
async function writeAlone(events, cause, attempts, setting) {
  const { session, atomic, signal, bury: bury2 } = setting;
  if (atomic) {
    throw new ComponentError('PIPELINE_EVENT_FAILED', 'an atomic sink refused a batch without naming the event', {
      cause,
      details: { events: events.length, attempts },
    });
  }
  const hopeless = [];
  for (const event of events) {
    try {
      await session.write([event], { checkpoints: [], attempt: attempts, signal });
    } catch (error) {
      const one = isBatchError(error) ? (error.failures.get(0) ?? error) : error;
      if (signal.aborted || (isComponentError(one) && one.retry !== 'never')) throw one;
      hopeless.push({ event, cause: one });
    }
  }
  if (hopeless.length > 0) await bury2(hopeless, attempts + 1);
}

// packages/runtime/src/sink/queued-writer.ts
var QueuedWriter = class {
  constructor(parts) {
    this.parts = parts;
  }
  parts;
  #queues = /* @__PURE__ */ new Map();
  #busy = 0;
  #closed = false;
  #idlers = [];
  get idle() {
    return this.#busy === 0;
  }
  accept(delivery) {
    const name = delivery.partition === void 0 ? delivery.lane : `${delivery.partition}/${delivery.lane}`;
    let queue = this.#queues.get(name);
    if (queue === void 0) {
      queue = { waiting: [], running: false };
      this.#queues.set(name, queue);
    }
    queue.waiting.push(delivery);
    if (!queue.running) void this.#run(name, queue);
  }
  forget(lane) {
    for (const queue of this.#queues.values()) {
      const stale = queue.waiting.filter((delivery) => delivery.lane === lane);
      queue.waiting = queue.waiting.filter((delivery) => delivery.lane !== lane);
      for (const delivery of stale) delivery.settle();
    }
  }
  advanced(lane) {
    this.parts.checkpointer.advanced(lane);
  }
  flush() {
    return this.parts.checkpointer.flush();
  }
  async close() {
    this.#closed = true;
    if (!this.idle) await new Promise((resolve) => this.#idlers.push(resolve));
  }
  async #run(name, queue) {
    queue.running = true;
    this.#busy += 1;
    try {
      while (queue.waiting.length > 0 && !this.#closed) {
        const taken = takeGroup(queue, this.parts.maxEvents);
        const group = taken.filter((delivery) => !delivery.stale);
        for (const delivery of taken) if (delivery.stale) delivery.settle();
        if (group.length === 0) continue;
        const last = group.at(-1);
        const events = eventsOf(group);
        const position = last.entries.at(-1)?.position;
        if (events.length > 0) await this.parts.write({ lane: last.lane, position, events, checkpoints: [] });
        for (const delivery of group) delivery.settle();
      }
    } catch (error) {
      this.parts.failed(error);
    } finally {
      queue.running = false;
      this.#queues.delete(name);
      this.#busy -= 1;
      if (this.idle) {
        for (const resolve of this.#idlers.splice(0)) resolve();
        this.parts.becameIdle();
      }
    }
  }
};
function takeGroup(queue, maxEvents) {
  let events = 0;
  let count = 0;
  for (const delivery of queue.waiting) {
    events += delivery.events.length;
    if (count > 0 && events > maxEvents) break;
    count += 1;
  }
  return queue.waiting.splice(0, count);
}

// packages/runtime/src/sink/sink-writer.ts
var DEFAULT_MAX_EVENTS = 5e3;

// packages/runtime/src/pipeline/chain.ts
import { Observable as Observable3, Subject } from 'rxjs';

function stagesOf(operators, sink) {
  return [
    ...operators.map((operator, at) => ({
      name: `stage ${at + 1} (${operator.name || 'an operator of your own'})`,
      holds: HOLDS in operator,
    })),
    { name: `sink ${sink}`, holds: true },
  ];
}
function connect(operators, custody, end) {
  const input = new Subject();
  let stream = input;
  for (const [at, operator] of operators.entries()) {
    stream = watched(operator(stream), custody, at);
  }
  const subscription = stream.subscribe(end);
  return {
    push(delivery) {
      custody.receive(delivery);
      input.next(delivery);
    },
    complete: () => input.complete(),
    subscription,
  };
}
function watched(stage, custody, at) {
  return new Observable3((out) =>
    stage.subscribe({
      next(delivery) {
        try {
          custody.pass(delivery, at);
        } catch (cause) {
          out.error(cause);
          return;
        }
        out.next(delivery);
      },
      error: (cause) => out.error(cause),
      complete: () => out.complete(),
    }),
  );
}

// packages/runtime/src/pipeline/generation.ts
var TICK_MS = 50;
var CLOSE_MS = 1e4;
var LAST_SAVE_MS = 1e3;
var Generation = class _Generation {
  constructor(plan2, hooks, session, sinkSession, opened) {
    this.plan = plan2;
    this.hooks = hooks;
    this.session = session;
    this.sinkSession = sinkSession;
    const { name, source: source2, sink, options, credits } = plan2;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = { resolve, reject };
    });
    this.finished.catch(() => 'the pipeline looks at it when it comes to it');
    this.#credits = new Credits(credits.bytes, credits.batches);
    this.#custody = new Custody(stagesOf(plan2.operators, sink.name), options.unordered);
    this.#flow = new Flow(
      (lane2, entries, failures) => void this.#divert(lane2, entries, failures),
      () => this.#urgent,
    );
    const fail = (error) => this.fail(error);
    const lane = (of) => this.#lanes.get(of);
    const becameIdle = () => this.#relieve();
    const write = (one) => this.#write(one);
    const maxEvents = sink.features.maxEvents ?? DEFAULT_MAX_EVENTS;
    if (sink.features.delivery === 'atomic') {
      const intervalMs = options.checkpointIntervalMs;
      this.#writer = new AtomicWriter({ maxEvents, intervalMs, lane, write, becameIdle, failed: fail });
    } else {
      this.#checkpointer = new Checkpointer({
        store: opened.store,
        intervalMs: options.checkpointIntervalMs,
        policy: plan2.retry,
        signal: this.#abort.signal,
        lane,
        retried: hooks.retried,
        failed: fail,
      });
      const checkpointer = this.#checkpointer;
      this.#writer = new QueuedWriter({ maxEvents, write, checkpointer, becameIdle, failed: fail });
    }
    this.#lanes = new LaneSet({
      session,
      store: source2.features.ack === 'cumulative' ? opened.store : void 0,
      checkpoints: opened.checkpoints,
      owner: hooks.owner,
      flush: () => this.#writer.flush(),
      forget: (of) => this.#writer.forget(of),
      setting: {
        pipeline: name,
        sink: sink.name,
        credits: this.#credits,
        maxUnsettled: options.maxUnsettled,
        receive: (run, frame, entry) => {
          hooks.counters.received += frame.events.length;
          this.#chain.push(new Delivery(frame.events, run.lane, frame.bytes, this.#flow, [entry], void 0));
        },
        advanced: (run) => this.#writer.advanced(run.lane),
        starved: () => this.#relieve(),
        failed: fail,
        notice: hooks.notice,
      },
    });
    this.#chain = connect(plan2.operators, this.#custody, {
      next: (delivery) => this.#writer.accept(delivery),
      error: (cause) => fail(asStageError(cause)),
      complete: () => this.#stageCompleted(),
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }
  plan;
  hooks;
  session;
  sinkSession;
  #abort = new AbortController();
  #credits;
  #custody;
  #flow;
  #writer;
  #checkpointer;
  #chain;
  #lanes;
  #timer;
  #failure;
  #draining = false;
  #finish;
  /** Resolves when the source has ended and all is settled, or a drain is over; rejects when the generation failed. */
  finished;
  /** Opens sink and source, in this order, and starts to read. */
  static async open(plan2, hooks, signal) {
    const context = { pipeline: plan2.name, signal, notice: hooks.notice };
    const sinkSession = await plan2.sink.open(context);
    try {
      const store = sinkSession.checkpoints ?? plan2.checkpoints;
      const checkpoints2 = await loadCheckpoints(plan2, store);
      const { maxBatchBytes } = plan2.options;
      const session = await plan2.source.open({ ...context, checkpoints: checkpoints2, maxBatchBytes });
      try {
        refuseForeign(checkpoints2, session.identity);
        const made = new _Generation(plan2, hooks, session, sinkSession, { store, checkpoints: checkpoints2 });
        made.#serve();
        return made;
      } catch (error) {
        await session[Symbol.asyncDispose]();
        throw error;
      }
    } catch (error) {
      await sinkSession[Symbol.asyncDispose]();
      throw error;
    }
  }
  head() {
    return this.session.head();
  }
  lane(lane) {
    return this.#lanes.get(lane);
  }
  isOver(lane) {
    return this.#lanes.isOver(lane);
  }
  /** Whether nothing at all is in flight. */
  get empty() {
    return [...this.#lanes.all()].every((run) => run.ledger.length === 0);
  }
  report() {
    let unsettled = 0;
    for (const run of this.#lanes.all()) unsettled += run.ledger.length;
    const { bytes, batches } = this.#credits;
    return { credits: { bytes, batches }, stages: this.#custody.report(), unsettled };
  }
  fail(error) {
    if (this.#failure !== void 0) return;
    this.#failure = { error };
    this.#finish?.reject(error);
  }
  /** Stops pulling, and settles and stores what is in flight until the deadline. Answers with what was given up, by lane. */
  async drain(timeoutMs) {
    this.#draining = true;
    const deadline = Date.now() + timeoutMs;
    this.#lanes.stop();
    this.#flow.flush();
    this.#chain.complete();
    const runs = [...this.#lanes.all()];
    const settled = Promise.all(runs.map((run) => run.until(() => run.ledger.length === 0)))
      .then(() => this.#writer.flush())
      .then(() => Promise.all(runs.map((run) => run.confirmed())));
    await within(
      Promise.race([settled, this.finished]).catch(() => 'reported as given up'),
      deadline - Date.now(),
    );
    const givenUp = await this.close();
    this.#finish?.resolve();
    return givenUp;
  }
  /** Leaves everything behind. Answers with the events that were in flight, by lane. Idempotent. */
  async close() {
    clearInterval(this.#timer);
    this.#draining = true;
    this.#lanes.stop();
    this.#chain.subscription.unsubscribe();
    if (this.#checkpointer && !this.#abort.signal.aborted) await within(this.#checkpointer.flush(), LAST_SAVE_MS);
    this.#abort.abort();
    this.#checkpointer?.close();
    await within(this.#writer.close(), CLOSE_MS);
    const givenUp = /* @__PURE__ */ new Map();
    for (const run of this.#lanes.all()) {
      const events = run.ledger.abandon();
      if (events > 0) givenUp.set(run.lane, events);
      await within(run.confirmed(), CLOSE_MS);
      run.look();
    }
    for (const part of [this.session, this.sinkSession]) {
      await within(this.#dispose(part), CLOSE_MS);
    }
    return givenUp;
  }
  async #dispose(part) {
    try {
      await part[Symbol.asyncDispose]();
    } catch (error) {
      this.hooks.retried(error, 0);
    }
  }
  #serve() {
    this.#lanes
      .serve()
      .then(() => {
        if (!this.#draining) this.#finish?.resolve();
      })
      .catch((error) => this.fail(error));
    const { ack, visibilityTimeoutMs } = this.plan.source.features;
    if (ack !== 'individual' || visibilityTimeoutMs === void 0) return;
    const extend = () => {
      for (const run of this.#lanes.all()) run.extend(visibilityTimeoutMs);
    };
    const timer = setInterval(extend, visibilityTimeoutMs / 2);
    this.#abort.signal.addEventListener('abort', () => clearInterval(timer));
  }
  async #write(write) {
    const { plan: plan2, hooks } = this;
    await writeDurably(write, {
      session: this.sinkSession,
      atomic: plan2.sink.features.delivery === 'atomic',
      policy: plan2.retry,
      signal: this.#abort.signal,
      retried: hooks.retried,
      bury: (failures, attempts) => this.#bury(write.lane, write.position, failures, attempts),
    });
    hooks.counters.written += write.events.length;
  }
  async #divert(lane, entries, failures) {
    try {
      await this.#bury(lane, entries.at(-1)?.position, failures, 1);
      this.#flow.release(entries);
    } catch (error) {
      this.fail(error);
    }
  }
  async #bury(lane, position, failures, attempts) {
    await bury(this.plan, { lane, position, failures, attempts }, this.#abort.signal, this.hooks.retried);
    this.hooks.counters.deadLetters += failures.length;
  }
  /** Someone waits for credit, or nothing more will come: what operators hold back must go on. */
  get #urgent() {
    return this.#draining || this.#lanes.ending || (this.#credits.awaited && this.#writer.idle);
  }
  #relieve() {
    if (this.#urgent) this.#flow.flush();
  }
  #tick() {
    this.#relieve();
    const overdue = this.#custody.overdue(Date.now(), this.plan.options.settlementTimeoutMs);
    if (overdue) this.fail(overdue);
  }
  #stageCompleted() {
    if (!this.#draining)
      this.fail(new ComponentError('PIPELINE_STAGE_COMPLETED', 'a stage completed before its source'));
  }
};
async function loadCheckpoints(plan2, store) {
  const stored = (await store?.load(plan2.name)) ?? [];
  return new Map(
    stored.filter(({ sink }) => sink === plan2.sink.name).map(({ lane, checkpoint }) => [lane, checkpoint]),
  );
}
function refuseForeign(checkpoints2, identity) {
  for (const [lane, checkpoint] of checkpoints2) {
    if (checkpoint === null || checkpoint.identity === identity) continue;
    throw new ComponentError('CHECKPOINT_IDENTITY', `the checkpoint of lane ${lane} is one of ${checkpoint.identity}`, {
      details: { lane, checkpoint: checkpoint.identity, source: identity },
    });
  }
}
async function within(work, ms) {
  let timer;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms));
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}

// packages/runtime/src/pipeline/running-pipeline.ts
var MAX_BLIND_RESTARTS = 8;
var RunningPipeline = class {
  /** @internal Made by `pipeline(...).to(...)`. */
  constructor(plan2) {
    this.plan = plan2;
  }
  plan;
  #state = 'idle';
  #generation;
  #lastError;
  #draining;
  #run;
  #stop = new AbortController();
  #counters = { received: 0, written: 0, deadLetters: 0, retries: 0, generations: 0 };
  #owner = `${hostname()}/${process.pid}/${Math.random().toString(36).slice(2, 10)}`;
  get name() {
    return this.plan.name;
  }
  get state() {
    return this.#state;
  }
  /** What the pipeline promises, computed from its source and its sink. */
  get guarantee() {
    return this.plan.guarantee;
  }
  /** How it is doing, now. */
  report() {
    const { credits, guarantee } = this.plan;
    const running = this.#generation?.report();
    return {
      state: this.#state,
      guarantee,
      counters: { ...this.#counters },
      credits: {
        bytes: running?.credits.bytes ?? 0,
        maxBytes: credits.bytes,
        batches: running?.credits.batches ?? 0,
        maxBatches: credits.batches,
      },
      stages: running?.stages ?? [],
      unsettled: running?.unsettled ?? 0,
      ...(this.#lastError ? { lastError: this.#lastError } : {}),
    };
  }
  /**
   * Runs until the source ends, or `drain` is called, or `signal` is aborted (which drains).
   *
   * @throws ComponentError what failed it; `PIPELINE_STATE` when it was run before.
   */
  run(signal) {
    if (this.#state !== 'idle') {
      return Promise.reject(new ComponentError('PIPELINE_STATE', `pipeline ${this.name} is ${this.#state}`));
    }
    this.#state = 'starting';
    const drain = () => void this.drain();
    signal?.addEventListener('abort', drain);
    this.#run = this.#runOn().finally(() => signal?.removeEventListener('abort', drain));
    this.#run.catch(() => 'heard of by the caller');
    if (signal?.aborted) drain();
    return this.#run;
  }
  drain({ timeoutMs = this.plan.options.drainTimeoutMs } = {}) {
    this.#draining ??= this.#drain(timeoutMs);
    return this.#draining;
  }
  async caughtUp({ timeoutMs = 3e4 } = {}) {
    const deadline = Date.now() + timeoutMs;
    let head;
    while (Date.now() < deadline) {
      if (this.#state === 'stopped') return;
      if (this.#state === 'failed') await this.#run;
      const generation = this.#generation;
      if (this.#state === 'running' && generation) {
        head ??= await generation.head();
        if (reached(generation, head, this.plan.source.features.ack)) return;
      }
      await pause(5, this.#stop.signal.aborted ? new AbortController().signal : this.#stop.signal);
    }
    const { lastError } = this.report();
    throw new ComponentError('PIPELINE_NOT_CAUGHT_UP', `pipeline ${this.name} has not caught up in ${timeoutMs} ms`, {
      details: {
        state: this.#state,
        timeoutMs,
        unsettled: this.report().unsettled,
        lastError: lastError?.code ?? null,
        ...Object.fromEntries([...(head ?? [])].map(([lane, position]) => [`head ${lane}`, position.resume])),
      },
    });
  }
  async [Symbol.asyncDispose]() {
    await this.drain();
  }
  async #runOn() {
    let blind = 0;
    for (let attempt = 1; ; attempt++) {
      const before = this.#counters.written;
      try {
        await this.#runGeneration();
        this.#state = 'stopped';
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) {
          this.#state = 'stopped';
          return;
        }
        const progressed = this.#counters.written > before;
        if (progressed) attempt = 1;
        blind = progressed || isInfrastructure(error) ? 0 : blind + 1;
        const hopeless = retryClass(error) === 'operator' || retryClass(error) === 'never';
        this.#noteError(error);
        if (hopeless || blind > MAX_BLIND_RESTARTS) {
          this.#state = 'failed';
          throw error;
        }
        this.#retried(error, attempt);
        await pause(backoffMs(this.plan.retry, attempt), this.#stop.signal);
      }
    }
  }
  async #runGeneration() {
    if (this.#stop.signal.aborted) return;
    this.#state = 'starting';
    this.#counters.generations += 1;
    const generation = await Generation.open(
      this.plan,
      {
        owner: this.#owner,
        counters: this.#counters,
        retried: (error, attempt) => this.#retried(error, attempt),
        notice: (message) => this.#notice(message),
      },
      this.#stop.signal,
    );
    this.#generation = generation;
    if (!this.#stop.signal.aborted) this.#state = 'running';
    try {
      if (!this.#stop.signal.aborted) await generation.finished;
    } finally {
      await generation.close();
      if (this.#generation === generation) this.#generation = void 0;
    }
  }
  async #drain(timeoutMs) {
    const started2 = Date.now();
    let givenUp = /* @__PURE__ */ new Map();
    if (this.#state === 'idle') this.#state = 'stopped';
    if (this.#state === 'starting' || this.#state === 'running') {
      const generation = this.#generation;
      this.#state = 'draining';
      if (generation) givenUp = await generation.drain(timeoutMs);
      this.#stop.abort();
    }
    await this.#run?.catch(() => 'told there');
    return { complete: givenUp.size === 0, givenUp, tookMs: Date.now() - started2 };
  }
  #retried(error, attempt) {
    this.#counters.retries += 1;
    this.#noteError(error);
    const { code, message } = causeOf(error);
    this.#notice(attempt > 0 ? `${message} (try ${attempt}, will try again)` : message, code);
  }
  #noteError(error) {
    this.#lastError = { ...causeOf(error), advice: isComponentError(error) ? error.advice : '' };
  }
  #notice(message, code) {
    const notice = { pipeline: this.name, message, ...(code ? { code } : {}) };
    notices.publish(notice);
    this.plan.options.notice?.(notice);
  }
};
var notices = channel('sluice:notice');
function isInfrastructure(error) {
  return isComponentError(error) && !error.code.startsWith('PIPELINE_');
}
function reached(generation, head, ack) {
  if (ack === 'individual') return generation.empty;
  for (const [lane, position] of head) {
    if (generation.isOver(lane)) continue;
    const settled = generation.lane(lane)?.ledger.settled;
    if (settled === void 0 || comparePositions(settled, position) < 0) return false;
  }
  return true;
}

// packages/runtime/src/pipeline/pipeline.ts
function pipeline(name, options = {}) {
  return { from: (source2) => new Composition(name, options, source2, []) };
}
var Composition = class _Composition {
  /** @internal Made by `pipeline(...).from(...)`. */
  constructor(name, options, source2, operators) {
    this.name = name;
    this.options = options;
    this.source = source2;
    this.operators = operators;
  }
  name;
  options;
  source;
  operators;
  pipe(...operators) {
    return new _Composition(this.name, this.options, this.source, [...this.operators, ...operators]);
  }
  /**
   * Ends the composition at a sink.
   *
   * @throws ComponentError `OPTIONS_INVALID`, naming the option.
   */
  to(sink, options = {}) {
    const parts = { source: this.source, operators: this.operators, sink };
    return new RunningPipeline(plan(this.name, this.options, parts, options));
  }
  /**
   * The events one by one, for application code: subscribing runs the pipeline, unsubscribing drains it.
   *
   * Lossy: an event counts as done once the subscriber's `next` has returned; what the subscriber does with it afterwards is
   * lost in a crash. Events that were delivered but not checkpointed are delivered again.
   */
  toLossy(options = {}) {
    return new Observable4((out) => {
      const running = this.to(subscriberSink(out), options);
      running.run().then(
        () => out.complete(),
        (error) => out.error(error),
      );
      return () => void running.drain();
    });
  }
};
function subscriberSink(out) {
  return {
    name: 'subscriber',
    features: { delivery: 'plain' },
    async open() {
      return {
        async write(events) {
          for (const event of events) out.next(event);
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

// packages/store-pg/src/checkpoints/postgres-checkpoints.ts
// packages/store-pg/src/connection/connection.ts
import { escapeIdentifier as escapeIdentifier3, Pool } from 'pg';

// packages/store-pg/src/failure/postgres-errors.ts
function isDataError(error) {
  const state = sqlState(error);
  return state.startsWith('22') || state.startsWith('23');
}
function fromPostgres(error, doing) {
  if (isComponentError(error)) return error;
  const state = sqlState(error);
  const code = codeOf(error, state);
  const names = namesIn(error);
  const details = { ...(state ? { sqlState: state } : {}), ...names };
  if (code === 'STORE_PG_DATA_REFUSED') {
    const where = Object.entries(names).map(([kind, name]) => `${kind} ${name}`);
    return new ComponentError(code, `${state} while ${doing}${where.length > 0 ? `: ${where.join(', ')}` : ''}`, {
      details,
    });
  }
  const said = error instanceof Error ? error.message : 'an unknown error';
  return new ComponentError(code, `${said} (while ${doing})`, { details, cause: error });
}
function sqlState(error) {
  const code = error?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in error ? code : '';
}
var UNAVAILABLE = ['57P01', '57P02', '57P03', '57P05', '25006'];
var CONFLICTS = ['40001', '40P01', '55P03', '55006', '57014'];
function codeOf(error, state) {
  if (state === '') return error instanceof TypeError ? 'STORE_PG_FAILED' : 'STORE_PG_UNAVAILABLE';
  if (UNAVAILABLE.includes(state) || state.startsWith('08') || state.startsWith('53')) return 'STORE_PG_UNAVAILABLE';
  if (CONFLICTS.includes(state)) return 'STORE_PG_CONFLICT';
  if (['28', '42', '3D', '3F', '0A'].some((kind) => state.startsWith(kind))) return 'STORE_PG_REFUSED';
  if (state.startsWith('22') || state.startsWith('23')) return 'STORE_PG_DATA_REFUSED';
  return 'STORE_PG_FAILED';
}
function namesIn(error) {
  const { table, column, constraint } = error ?? {};
  const named3 = Object.entries({ table, column, constraint }).filter(
    ([, name]) => typeof name === 'string' && name !== '',
  );
  return Object.fromEntries(named3);
}

// packages/store-pg/src/connection/connection.ts
function checkConnection(connection) {
  if (typeof connection === 'string' ? connection !== '' : typeof connection === 'object' && connection !== null)
    return;
  throw new ComponentError('OPTIONS_INVALID', 'connection: give a connection string, options of pg, or a Pool');
}
function openConnection(connection, max) {
  if (isPool(connection)) return { pool: connection, end: async () => void 0 };
  const given2 = typeof connection === 'string' ? { connectionString: connection } : connection;
  const pool = new Pool({ max, application_name: 'sluice', ...given2, ...{ onConnect: waitForTheDisk } });
  pool.on('error', () => void 0);
  return { pool, end: once(() => pool.end()) };
}
async function inTransaction(pool, doing, work) {
  let client;
  try {
    client = await pool.connect();
  } catch (error) {
    throw fromPostgres(error, doing);
  }
  let doubtful = true;
  const lost = () => void 0;
  client.on('error', lost);
  try {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work(client);
    await client.query('COMMIT');
    doubtful = false;
    return result;
  } catch (error) {
    doubtful = await client.query('ROLLBACK').then(
      () => false,
      () => true,
      // it is closed below
    );
    throw fromPostgres(error, doing);
  } finally {
    client.off('error', lost);
    client.release(doubtful);
  }
}
function waitForTheDisk(client) {
  const sql = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;
  return client.query(sql);
}
function isPool(connection) {
  return typeof connection === 'object' && 'totalCount' in connection && typeof connection.query === 'function';
}
function once(work) {
  let running;
  return () => {
    running ??= work();
    return running;
  };
}

// packages/store-pg/src/migrations/migrate.ts
import { createHash } from 'node:crypto';
import { escapeIdentifier } from 'pg';

// packages/store-pg/src/migrations/0001-checkpoints.ts
var checkpoints = {
  version: 1,
  name: 'checkpoints',
  sql: (schema) => `
    CREATE TABLE ${schema}.checkpoints (
      pipeline text COLLATE "C" NOT NULL,
      sink text COLLATE "C" NOT NULL,
      lane text COLLATE "C" NOT NULL,
      fence bigint NOT NULL,
      owner text NOT NULL,
      removed boolean NOT NULL DEFAULT false,
      resume text COLLATE "C",
      within bigint,
      identity text,
      format smallint NOT NULL DEFAULT 1,
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (pipeline, sink, lane),
      CHECK (num_nulls(resume, within, identity) IN (0, 3))
    ) WITH (fillfactor = 50);
  `,
};

// packages/store-pg/src/migrations/migrate.ts
var MIGRATIONS = [checkpoints];
async function migrate(pool, options = {}) {
  const { schema = 'sluice', migrations = MIGRATIONS } = options;
  return inTransaction(pool, `migrating the schema ${schema}`, async (client) => {
    if (missing(await applied(client, schema), migrations, schema).length === 0) return [];
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sluice.migrate:${schema}`]);
    const due = missing(await applied(client, schema), migrations, schema);
    await apply(client, schema, due);
    return due.map(({ version }) => version);
  });
}
async function apply(client, schema, due) {
  const quoted2 = escapeIdentifier(schema);
  if (due[0]?.version === 1) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted2}`);
    await client.query(`CREATE TABLE ${quoted2}.migrations (
      version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  }
  for (const migration of due) {
    await client.query(migration.sql(quoted2));
    await client.query(`INSERT INTO ${quoted2}.migrations (version, name, checksum) VALUES ($1, $2, $3)`, [
      migration.version,
      migration.name,
      checksum(migration),
    ]);
  }
}
async function applied(client, schema) {
  const table = `${escapeIdentifier(schema)}.migrations`;
  const found = await client.query(
    `SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
      WHERE n.nspname = $1 AND relname = 'migrations') AS there`,
    [schema],
  );
  if (!found.rows[0]?.there) return [];
  const { rows } = await client.query(`SELECT version::text, checksum FROM ${table} ORDER BY migrations.version`);
  return rows.map((row) => ({ version: Number(row.version), checksum: row.checksum }));
}
function missing(done, migrations, schema) {
  const newest = migrations.at(-1)?.version ?? 0;
  const stored = done.at(-1)?.version ?? 0;
  if (stored > newest) {
    throw new ComponentError(
      'STORE_PG_SCHEMA_NEWER',
      `schema ${schema} is at version ${stored}, this package at ${newest}`,
      {
        details: { schema, stored, newest },
      },
    );
  }
  const changed = done.find((entry) => {
    const migration = migrations.find(({ version }) => version === entry.version);
    return migration === void 0 || checksum(migration) !== entry.checksum;
  });
  if (changed) {
    throw new ComponentError('STORE_PG_MIGRATION_CHANGED', `schema ${schema}, version ${changed.version}`, {
      details: { schema, version: changed.version },
    });
  }
  return migrations.filter(({ version }) => version > stored);
}
function checksum({ sql }) {
  return createHash('sha256').update(sql('"schema"').replace(/\s+/g, ' ').trim()).digest('hex');
}

// packages/store-pg/src/checkpoints/save-statement.ts
import { createHash as createHash2 } from 'node:crypto';
import { escapeIdentifier as escapeIdentifier2 } from 'pg';

var CHECKPOINT_FORMAT = 1;
async function saveCheckpoints(on, schema, writes) {
  const last = lastOfEach(writes);
  if (last === void 0) return 'fenced';
  if (last.length === 0) return 'saved';
  const { rows } = await on.query(named2(saveSql(schema), columns(last)));
  return Number(rows[0]?.['written']) === last.length ? 'saved' : 'fenced';
}
function saveSql(schema) {
  const table = `${escapeIdentifier2(schema)}.checkpoints`;
  return `
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[])
    AS given (pipeline, sink, lane, fence, resume, within, identity)
), held AS (
  SELECT 1 FROM ${table} AS stored JOIN given USING (pipeline, sink, lane)
  WHERE stored.fence = given.fence
  ORDER BY pipeline, sink, lane FOR UPDATE OF stored
), written AS (
  UPDATE ${table} AS stored
  SET resume = given.resume, within = given.within, identity = given.identity, removed = given.resume IS NULL,
    format = ${CHECKPOINT_FORMAT}, updated_at = now()
  FROM given
  WHERE stored.pipeline = given.pipeline AND stored.sink = given.sink AND stored.lane = given.lane
    AND stored.fence = given.fence
    AND (SELECT count(*) FROM held) = (SELECT count(*) FROM given)
  RETURNING 1
)
SELECT count(*)::int AS written FROM written`;
}
function lastOfEach(writes) {
  if (writes.length < 2) return writes;
  const last = /* @__PURE__ */ new Map();
  for (const write of writes) {
    const entry = JSON.stringify([write.pipeline, write.sink, write.lane]);
    if ((last.get(entry)?.fence ?? write.fence) !== write.fence) return void 0;
    last.set(entry, write);
  }
  return [...last.values()];
}
function columns(writes) {
  return [
    writes.map(({ pipeline: pipeline2 }) => pipeline2),
    writes.map(({ sink }) => sink),
    writes.map(({ lane }) => lane),
    writes.map(({ fence }) => fence.toString()),
    writes.map(({ checkpoint }) => checkpoint?.position.resume ?? null),
    writes.map(({ checkpoint }) => checkpoint?.position.within ?? null),
    writes.map(({ checkpoint }) => checkpoint?.identity ?? null),
  ];
}
function named2(text2, values) {
  return {
    name: `sluice_${createHash2('sha256').update(text2).digest('base64url').slice(0, 20)}`,
    text: text2,
    values,
  };
}

// packages/store-pg/src/checkpoints/postgres-checkpoints.ts
function checkSchema(schema) {
  if (schema === void 0) return 'sluice';
  if (typeof schema === 'string' && schema !== '' && schema.length < 64) return schema;
  throw new ComponentError('OPTIONS_INVALID', 'schema: give a name of 1 to 63 characters');
}
function checkpointsOn(pool, schema, ready) {
  const table = `${escapeIdentifier3(schema)}.checkpoints`;
  const acquireSql = `
INSERT INTO ${table} AS stored (pipeline, sink, lane, fence, owner) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (pipeline, sink, lane) DO UPDATE
SET fence = stored.fence + 1, owner = excluded.owner, removed = false, updated_at = now()
RETURNING stored.fence::text AS fence`;
  const loadSql = `
SELECT sink, lane, fence::text AS fence, resume, within::text AS within, identity, format::int AS format
FROM ${table} WHERE pipeline = $1 AND NOT removed ORDER BY sink, lane`;
  return {
    acquire: (pipeline2, sink, lane, owner) =>
      guarded('acquiring a lane', async () => {
        const { rows } = await pool.query(named2(acquireSql, [pipeline2, sink, lane, owner]));
        return { fence: BigInt(rows[0]?.fence ?? 0) };
      }),
    load: (pipeline2) =>
      guarded('loading checkpoints', async () => {
        const { rows } = await pool.query(named2(loadSql, [pipeline2]));
        return rows.map(read);
      }),
    save: (writes) => guarded('saving checkpoints', () => saveCheckpoints(pool, schema, writes)),
    async [Symbol.asyncDispose]() {},
  };
  async function guarded(doing, work) {
    await ready();
    try {
      return await work();
    } catch (error) {
      throw fromPostgres(error, doing);
    }
  }
}
function read({ sink, lane, fence, resume, within: within3, identity, format }) {
  if (format > CHECKPOINT_FORMAT) {
    throw new ComponentError('CHECKPOINT_FORMAT', `sink ${sink}, lane ${lane}: format ${format}`, {
      details: { sink, lane, format },
    });
  }
  const stands = resume !== null && within3 !== null && identity !== null;
  const checkpoint = stands ? { position: { resume, within: Number(within3) }, identity } : null;
  return { sink, lane, fence: BigInt(fence), checkpoint };
}

// packages/store-pg/src/connection/table-name.ts
import { escapeIdentifier as escapeIdentifier4 } from 'pg';

function tableName(text2) {
  const parts = typeof text2 === 'string' ? text2.split('.') : [];
  const [schema, table] = parts.length === 1 ? ['public', parts[0]] : parts;
  if (!schema || !table || parts.length > 2) throw new ComponentError('OPTIONS_INVALID', 'table: give `schema.table`');
  return { schema, table, sql: `${escapeIdentifier4(schema)}.${escapeIdentifier4(table)}` };
}

// packages/store-pg/src/table-sink/table.ts
async function readTable(pool, name, key) {
  const rows = await ask(pool, COLUMNS, name);
  if (rows.length === 0) {
    throw new ComponentError('STORE_PG_TABLE_UNKNOWN', `there is no table ${name.schema}.${name.table}`);
  }
  const columns2 = new Map(rows.map((row) => [row.name, columnOf(row)]));
  const keyColumns2 = key.map((column) => columns2.get(column) ?? unknownColumn(name, column));
  const wanted = [...key].sort().join('\0');
  const indexes = await ask(pool, UNIQUE_INDEXES, name);
  if (!indexes.some((index) => [...index.columns].sort().join('\0') === wanted)) {
    throw new ComponentError('STORE_PG_KEY_NOT_UNIQUE', `${name.schema}.${name.table}: ${key.join(', ')}`);
  }
  return { name, columns: columns2, key: keyColumns2 };
}
function unknownColumn({ schema, table }, column) {
  throw new ComponentError('STORE_PG_COLUMN_UNKNOWN', `${schema}.${table} has no column ${column}`, {
    details: { table: `${schema}.${table}`, column },
  });
}
async function ask(pool, sql, { schema, table }) {
  try {
    return (await pool.query(sql, [schema, table])).rows;
  } catch (error) {
    throw fromPostgres(error, `reading the columns of ${schema}.${table}`);
  }
}
function columnOf({ name, type, generated, identity, json: json2, delimiter, json_elements }) {
  const element = delimiter === null ? {} : { element: { delimiter, type: { json: json_elements } } };
  return { name, type, generated, identity, json: json2, ...element };
}
var COLUMNS = `
SELECT a.attname::text AS name, quote_ident(tn.nspname) || '."' || replace(t.typname, '"', '""') || '"' AS type,
  a.attgenerated <> '' AS generated, a.attidentity = 'a' AS identity,
  base.oid IN (114, 3802) AS json,
  element.typdelim::text AS delimiter, coalesce(element.oid IN (114, 3802), false) AS json_elements
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
JOIN LATERAL (
  WITH RECURSIVE beneath AS (
    SELECT t.oid AS type, t.typtype AS kind, t.typbasetype AS next
    UNION ALL SELECT b.oid, b.typtype, b.typbasetype FROM beneath JOIN pg_type b ON b.oid = beneath.next WHERE beneath.kind = 'd'
  ) SELECT type FROM beneath WHERE kind <> 'd'
) AS found ON true
JOIN pg_type base ON base.oid = found.type
LEFT JOIN pg_type element ON element.oid = base.typelem AND base.typlen = -1 AND base.typcategory = 'A'
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
ORDER BY a.attnum`;
var UNIQUE_INDEXES = `
SELECT (
  SELECT array_agg(a.attname::text)
  FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, at) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
  WHERE k.at <= i.indnkeyatts
) AS columns
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL`;

// packages/store-pg/src/table-sink/net-effect.ts
function netEffect(changes, encoder) {
  const keys = /* @__PURE__ */ new Map();
  for (const change of changes) {
    const effect = keys.get(change.key);
    if (change.kind === 'delete') {
      keys.set(change.key, { deleted: change.values, shape: void 0, values: [] });
    } else if (effect === void 0) {
      keys.set(change.key, { deleted: void 0, shape: change.shape, values: change.values });
    } else if (effect.shape === void 0 || (effect.shape === change.shape && !change.shape.partial)) {
      effect.shape = change.shape;
      effect.values = change.values;
    } else {
      const shape = encoder.union(effect.shape, change.shape);
      effect.values = joined(shape, [effect.shape, effect.values], [change.shape, change.values]);
      effect.shape = shape;
    }
  }
  return grouped(keys.values());
}
function joined(shape, ...rows) {
  const byColumn = new Map(
    rows.flatMap(([{ columns: columns2 }, values]) => columns2.map((column, at) => [column, values[at]])),
  );
  return shape.columns.map((column) => byColumn.get(column) ?? null);
}
function grouped(effects) {
  const deletes = [];
  const upserts = /* @__PURE__ */ new Map();
  for (const { deleted, shape, values } of effects) {
    if (deleted) deletes.push(deleted);
    if (!shape) continue;
    const rows = upserts.get(shape);
    if (rows) rows.push(values);
    else upserts.set(shape, [values]);
  }
  return { deletes, upserts };
}

// packages/store-pg/src/table-sink/text-form.ts
function textForm(value, type) {
  if (value === null || value === void 0) return null;
  if (typeof value === 'object' && 'toPostgres' in value && typeof value.toPostgres === 'function') {
    return String(value.toPostgres());
  }
  if (type.json) return JSON.stringify(value, plain);
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 't' : 'f';
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'object':
      return objectForm(value, type);
    default:
      return String(value);
  }
}
function objectForm(value, type) {
  if (value instanceof Uint8Array) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return arrayForm(value, type.element ?? { delimiter: ',', type });
  return value.toString === Object.prototype.toString ? JSON.stringify(value, plain) : String(value);
}
function arrayForm(items, element) {
  const parts = items.map((item) => {
    if (Array.isArray(item) && !element.type.json) return arrayForm(item, element);
    const text2 = textForm(item, element.type);
    return text2 === null ? 'NULL' : `"${text2.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${parts.join(element.delimiter)}}`;
}
function plain(_, value) {
  return typeof value === 'bigint' ? value.toString() : value;
}

// packages/store-pg/src/table-sink/row-change.ts
var MAX_SHAPES = 1e3;
var MAX_PREPARED = 100;
var RowEncoder = class {
  /** `wanted`: the columns to write; `undefined` for all that a row has. */
  constructor(table, wanted) {
    this.table = table;
    this.wanted = wanted;
  }
  table;
  wanted;
  #shapes = /* @__PURE__ */ new Map();
  #prepared = 0;
  /** @throws ComponentError `STORE_PG_COLUMN_UNKNOWN`: that is no fault of a single event. */
  encode(events) {
    const failures = /* @__PURE__ */ new Map();
    let [deletes, differs] = [false, false];
    const changes = events.map((event, index) => {
      try {
        const change = event.data === null ? this.#delete(event) : this.#upsert(event.data);
        deletes ||= change.kind === 'delete';
        differs ||= event.key !== void 0 && event.key !== change.key;
        return change;
      } catch (error) {
        if (!isComponentError(error) || error.retry !== 'never') throw error;
        failures.set(index, error);
        return void 0;
      }
    });
    return { changes, failures, keysAgree: !deletes || !differs };
  }
  #delete(event) {
    const { key } = event;
    if (key === void 0) throw this.#keyMissing();
    return { kind: 'delete', key, values: keyParts(key, this.table.key.length) };
  }
  #upsert(row) {
    const columns2 = [];
    const values = [];
    let partial = false;
    for (const name of Object.keys(row)) {
      const value = row[name];
      if (value === void 0 || (this.wanted !== void 0 && !this.wanted.has(name))) continue;
      if (value === UNCHANGED) {
        partial = true;
        continue;
      }
      const column = this.table.columns.get(name) ?? unknownColumn(this.table.name, name);
      if (column.generated) continue;
      columns2.push(column);
      values.push(textForm(value, column));
    }
    const key = this.table.key.map((column) => values[columns2.indexOf(column)] ?? void 0);
    if (!key.every((part) => part !== void 0)) throw this.#keyMissing();
    return { kind: 'upsert', key: keyOf(key), shape: this.#shape(columns2, partial), values };
  }
  #shape(columns2, partial) {
    const signature = `${partial}\0${columns2.map(({ name }) => name).join('\0')}`;
    let shape = this.#shapes.get(signature);
    if (shape === void 0) {
      const prepared = this.#prepared < MAX_PREPARED;
      if (prepared) this.#prepared += 1;
      if (this.#shapes.size >= MAX_SHAPES) this.#shapes.clear();
      shape = { columns: columns2, partial, prepared };
      this.#shapes.set(signature, shape);
    }
    return shape;
  }
  /** The shape of a row that has the columns of both. */
  union(a, b) {
    return this.#shape([.../* @__PURE__ */ new Set([...a.columns, ...b.columns])], a.partial && b.partial);
  }
  #keyMissing() {
    const { schema, table } = this.table.name;
    const columns2 = this.table.key.map(({ name }) => name);
    const message = `an event for ${schema}.${table} has no value for ${columns2.join(', ')}`;
    return new ComponentError('STORE_PG_KEY_MISSING', message, { details: { columns: columns2 } });
  }
};

// packages/store-pg/src/table-sink/statements.ts
import { escapeIdentifier as escapeIdentifier5 } from 'pg';

function deleteRows({ name, key }, rows) {
  const sql = `DELETE FROM ${name.sql} AS t USING (${given(key)}) AS g WHERE ${key.map(same).join(' AND ')}`;
  return named2(sql, transposed(key, rows));
}
function upsertRows(table, shape, rows) {
  return named2(
    shape.partial ? partialUpsertSql(table, shape) : upsertSql(table, shape),
    transposed(shape.columns, rows),
  );
}
function upsertSql({ name, key }, { columns: columns2 }) {
  const changed = updatable(columns2, key).map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  const action = changed.length > 0 ? `UPDATE SET ${changed.join(', ')}` : 'NOTHING';
  return `INSERT INTO ${name.sql} (${columns2.map(quoted).join(', ')}) OVERRIDING SYSTEM VALUE ${given(columns2)}
ON CONFLICT (${key.map(quoted).join(', ')}) DO ${action}`;
}
function partialUpsertSql({ name, key }, { columns: columns2 }) {
  const changed = updatable(columns2, key).map((column) => `${quoted(column)} = g.${quoted(column)}`);
  const assigned =
    changed.length > 0 ? changed : key.slice(0, 1).map((column) => `${quoted(column)} = g.${quoted(column)}`);
  const found = key.map((column) => `u.${quoted(column)} = g.${quoted(column)}`).join(' AND ');
  return `WITH g AS MATERIALIZED (${given(columns2)}), u AS (
  UPDATE ${name.sql} AS t SET ${assigned.join(', ')} FROM g WHERE ${key.map(same).join(' AND ')}
  RETURNING ${key.map((column) => `t.${quoted(column)}`).join(', ')}
)
INSERT INTO ${name.sql} (${columns2.map(quoted).join(', ')}) OVERRIDING SYSTEM VALUE
SELECT ${columns2.map((column) => `g.${quoted(column)}`).join(', ')} FROM g WHERE NOT EXISTS (SELECT FROM u WHERE ${found})`;
}
function given(columns2) {
  const arrays = columns2.map((_, at) => `$${at + 1}::text[]`).join(', ');
  const names = columns2.map((_, at) => `c${at}`);
  const values = columns2.map((column, at) => `p.c${at}::${column.type} AS ${quoted(column)}`).join(', ');
  return `SELECT ${values} FROM unnest(${arrays}) WITH ORDINALITY AS p (${names.join(', ')}, at) ORDER BY p.at`;
}
function transposed(columns2, rows) {
  return columns2.map((_, at) => rows.map((row) => row[at] ?? null));
}
function updatable(columns2, key) {
  return columns2.filter((column) => !key.includes(column) && !column.identity);
}
var quoted = ({ name }) => escapeIdentifier5(name);
var same = (column) => `t.${quoted(column)} = g.${quoted(column)}`;

// packages/store-pg/src/table-sink/table-writer.ts
var TableWriter = class {
  constructor(pool, schema, table, wanted) {
    this.pool = pool;
    this.schema = schema;
    this.table = table;
    this.#encoder = new RowEncoder(table, wanted);
    this.#doing = `writing to ${table.name.schema}.${table.name.table}`;
  }
  pool;
  schema;
  table;
  #encoder;
  #doing;
  async write(events, { checkpoints: checkpoints2, signal }) {
    signal.throwIfAborted();
    const encoded = this.#encoder.encode(events);
    const finish = (client) => this.#saveCheckpoints(client, checkpoints2);
    if (encoded.failures.size === 0 && encoded.keysAgree) {
      const done = await this.#allAtOnce(encoded, finish);
      if (done) return;
    }
    await inTransaction(this.pool, this.#doing, async (client) => {
      await this.#oneByOne(client, encoded);
      await finish(client);
    });
  }
  /** False when Postgres refused a value: nothing was written then. */
  async #allAtOnce(encoded, finish) {
    const { deletes, upserts } = netEffect(encoded.changes, this.#encoder);
    let refused = false;
    const work = inTransaction(this.pool, this.#doing, async (client) => {
      try {
        if (deletes.length > 0) await client.query(deleteRows(this.table, deletes));
        for (const [shape, rows] of upserts) await client.query(upsertRows(this.table, shape, rows));
      } catch (error) {
        refused = isDataError(error);
        throw error;
      }
      await finish(client);
    });
    return work.then(
      () => true,
      (error) => {
        if (refused) return false;
        throw error;
      },
    );
  }
  async #oneByOne(client, { changes, failures }) {
    const failed = new Map(failures);
    for (const [index, change] of changes.entries()) {
      if (change === void 0) continue;
      await client.query('SAVEPOINT event');
      try {
        await client.query(
          change.kind === 'delete'
            ? deleteRows(this.table, [change.values])
            : upsertRows(this.table, change.shape, [change.values]),
        );
        await client.query('RELEASE SAVEPOINT event');
      } catch (error) {
        if (!isDataError(error)) throw error;
        await client.query('ROLLBACK TO SAVEPOINT event');
        failed.set(index, fromPostgres(error, this.#doing));
      }
    }
    if (failed.size > 0) throw new BatchError(failed);
  }
  async #saveCheckpoints(client, writes) {
    if ((await saveCheckpoints(client, this.schema, writes)) === 'saved') return;
    const lanes = writes.map(({ lane }) => lane);
    throw new ComponentError('CHECKPOINT_FENCED', `another instance has taken over ${lanes.join(', ')}`, {
      details: { lanes },
    });
  }
};

// packages/store-pg/src/table-sink/table-sink.ts
function tableSink(options) {
  checkConnection(options.connection);
  const schema = checkSchema(options.schema);
  const name = tableName(options.table);
  const key = checkColumns('key', options.key, 1);
  const columns2 = options.columns && checkColumns('columns', options.columns, 0);
  const wanted = columns2 && /* @__PURE__ */ new Set([...key, ...columns2]);
  const maxEvents = checkCount('maxEvents', options.maxEvents ?? 5e3);
  const maxConnections = checkCount('maxConnections', options.maxConnections ?? 4);
  return {
    name: options.name ?? `table:${options.table}`,
    features: { delivery: 'atomic', maxEvents },
    async open() {
      const { pool, end } = openConnection(options.connection, maxConnections);
      try {
        await migrate(pool, { schema });
        const table = await readTable(pool, name, key);
        const writer = new TableWriter(pool, schema, table, wanted);
        return {
          checkpoints: checkpointsOn(pool, schema, async () => void 0),
          write: (events, ctx) => writer.write(events, ctx),
          [Symbol.asyncDispose]: end,
        };
      } catch (error) {
        await end();
        throw error;
      }
    },
  };
}
function checkColumns(option, columns2, least) {
  const named3 = Array.isArray(columns2) && columns2.every((column) => typeof column === 'string' && column !== '');
  if (named3 && columns2.length >= least && new Set(columns2).size === columns2.length) return columns2;
  throw new ComponentError(
    'OPTIONS_INVALID',
    `${option}: give different names of columns${least ? ', one at least' : ''}`,
  );
}
function checkCount(option, count) {
  if (Number.isInteger(count) && count > 0) return count;
  throw new ComponentError('OPTIONS_INVALID', `${option}: give a whole number above 0`);
}

// packages/cdc/src/values/json-text.ts
var JsonText = class {
  text;
  #value;
  #parsed = false;
  constructor(text2) {
    this.text = text2;
  }
  /** The parsed value; the same object each time. */
  get value() {
    if (!this.#parsed) {
      this.#value = JSON.parse(this.text);
      this.#parsed = true;
    }
    return this.#value;
  }
  toJSON() {
    return this.value;
  }
  toString() {
    return this.text;
  }
  /** What `pg` sends for it as a parameter. */
  toPostgres() {
    return this.text;
  }
};

// packages/cdc/src/values/value-text.ts
function valueText(value) {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? 't' : 'f';
    default:
      return objectText(value);
  }
}
function objectText(value) {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (value instanceof JsonText) return value.text;
  if (Array.isArray(value)) return `{${value.map(itemText).join(',')}}`;
  return void 0;
}
function itemText(item) {
  if (item === null) return 'NULL';
  const text2 = valueText(item) ?? '';
  return Array.isArray(item) ? text2 : `"${text2.replace(/["\\]/g, '\\$&')}"`;
}

// packages/cdc/src/change/key-of-row.ts
function keyOfRow(row, columns2, before = null) {
  if (columns2.length === 0) return void 0;
  const parts = [];
  for (const column of columns2) {
    const value = row[column];
    const part = valueText(value === UNCHANGED ? before?.[column] : value);
    if (part === void 0) return void 0;
    parts.push(part);
  }
  return keyOf(parts);
}

// packages/cdc/src/change/transaction.ts
var EPOCH_2000_MS = 9466848e5;
function dateOf(micros) {
  return new Date(EPOCH_2000_MS + Math.floor(micros / 1e3));
}

// packages/cdc/src/change/stream-origin.ts
var StreamOrigin = class {
  #history;
  #transaction;
  /** Columns of the key; see `RelationDecoder`. */
  keyColumns;
  constructor(history, transaction, keyColumns2) {
    this.#history = history;
    this.#transaction = transaction;
    this.keyColumns = keyColumns2;
  }
  get source() {
    return this.#history.source;
  }
  type(_ordinal, record) {
    const change = record;
    return change.op === 'message' ? `message.${change.prefix}` : `${change.table}.${change.op}`;
  }
  /** A message outside of transactions may end where a commit begins, so its id has a form of its own. */
  id(ordinal, record) {
    const change = record;
    const place = this.#transaction.commitLsn.toString(16).toUpperCase();
    return change.op === 'message' && !change.transactional ? `${place}-m` : `${place}-${ordinal}`;
  }
  key(_ordinal, record) {
    const change = record;
    const row = change.after ?? change.before;
    return row === null ? void 0 : keyOfRow(row, this.keyColumns, change.before);
  }
  time() {
    return dateOf(this.#transaction.committedAt);
  }
  version(ordinal) {
    return {
      epoch: this.#history.epoch,
      value: (BigInt(this.#transaction.commitLsn) << 32n) | BigInt(ordinal),
    };
  }
  headers() {
    return this.#transaction.headers;
  }
};

// packages/cdc/src/change/row-events.ts
function rowEvents(options = {}) {
  const skipTruncate = options.truncate === 'skip';
  return (change, event) => {
    if (change === null) return [];
    const known = change;
    switch (known.op) {
      case 'insert':
      case 'read':
        return [event.with(known.after)];
      case 'delete':
        return [event.with(null)];
      case 'update': {
        const row = event.with(known.after);
        const oldKey = known.before === null ? void 0 : changedKey(known.before, known.after, event);
        return oldKey === void 0 ? [row] : [event.with(null, { key: oldKey, idSuffix: 'old' }), row];
      }
      case 'message':
        return [];
      case 'truncate':
        if (skipTruncate) return [];
        throw new ComponentError('CDC_TRUNCATE', `${known.table} was truncated`, { details: { table: known.table } });
    }
  };
}
function changedKey(before, after, event) {
  const columns2 = event.origin instanceof StreamOrigin ? event.origin.keyColumns : [];
  const oldKey = keyOfRow(before, columns2);
  return oldKey === keyOfRow(after, columns2, before) ? void 0 : oldKey;
}

// packages/cdc/src/change/table-ref.ts
function splitTableName(text2) {
  const dot = text2.indexOf('.');
  return dot > 0 && dot < text2.length - 1 ? { schema: text2.slice(0, dot), name: text2.slice(dot + 1) } : void 0;
}

// packages/cdc/src/connection/connect.ts
import pg from 'pg';

// packages/cdc/src/failure/server-error.ts
function serverErrorOf(thrown) {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return void 0;
  const { code, message, severity } = thrown;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || typeof severity !== 'string') return void 0;
  return { severity, sqlState: code, message: String(message) };
}

// packages/cdc/src/failure/map-error.ts
function mapError(thrown, activity, details = {}) {
  if (isComponentError(thrown)) return thrown;
  const server = serverErrorOf(thrown);
  if (server) return mapServerError(server, activity, details, thrown);
  const reason = thrown instanceof Error ? (thrown.code ?? thrown.name) : typeof thrown;
  const code = /password|SASL|SCRAM/i.test(String(thrown)) ? 'CDC_AUTH_FAILED' : 'CDC_CONNECTION_LOST';
  return new ComponentError(code, `${activity} failed`, { details: { ...details, reason }, cause: thrown });
}
function mapServerError(error, activity, details = {}, cause = error) {
  return new ComponentError(codeOf2(error, activity), `${activity} was refused by Postgres (${error.sqlState})`, {
    details: { ...details, sqlState: error.sqlState },
    cause,
  });
}
function isTransient(error) {
  return error.code === 'CDC_CONNECTION_LOST' || error.code === 'CDC_SLOT_ACTIVE';
}
function codeOf2({ sqlState: sqlState2, message }, activity) {
  if (sqlState2.startsWith('28')) return 'CDC_AUTH_FAILED';
  if (sqlState2.startsWith('08') || sqlState2.startsWith('57P')) return 'CDC_CONNECTION_LOST';
  switch (sqlState2) {
    case '42501':
      return 'CDC_PERMISSION_DENIED';
    case '55006':
      return 'CDC_SLOT_ACTIVE';
    case '53300':
      return 'CDC_CONNECTION_LOST';
    case '53400':
      return 'CDC_SLOT_LIMIT';
    case '42P01':
      return 'CDC_TABLE_MISSING';
    case '42704':
      return missingObject(message, activity);
    case '55000':
      return activity === 'stream' && !/wal_level/.test(message) ? 'CDC_SLOT_INVALIDATED' : 'CDC_WAL_LEVEL';
    default:
      return 'CDC_SERVER_ERROR';
  }
}
function missingObject(message, activity) {
  if (activity === 'publication' || /publication/.test(message)) return 'CDC_PUBLICATION_MISSING';
  return activity === 'stream' || activity === 'slot' ? 'CDC_SLOT_MISSING' : 'CDC_SERVER_ERROR';
}

// packages/cdc/src/connection/settings.ts
function clientConfig(connection, replication) {
  const given2 = typeof connection === 'string' ? { connectionString: connection } : connection;
  return {
    connectionTimeoutMillis: 1e4,
    application_name: 'sluice-cdc',
    keepAlive: true,
    keepAliveInitialDelayMillis: 1e4,
    ...given2,
    ...(replication ? { replication: 'database' } : {}),
  };
}
var SESSION_SETTINGS = [
  `SET client_encoding = 'UTF8'`,
  `SET datestyle = 'ISO, MDY'`,
  `SET intervalstyle = 'postgres'`,
  `SET timezone = 'UTC'`,
  `SET bytea_output = 'hex'`,
  'SET extra_float_digits = 3',
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
].join('; ');

// packages/cdc/src/connection/connect.ts
async function connect2(connection, replication) {
  const client = new pg.Client({ ...clientConfig(connection, replication), types: { getTypeParser: () => asText } });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(SESSION_SETTINGS);
    return client;
  } catch (error) {
    disconnect(client);
    throw mapError(error, 'connect');
  }
}
async function withConnection(connection, use) {
  const client = await connect2(connection, false);
  try {
    return await use(client);
  } finally {
    disconnect(client);
  }
}
async function query(client, activity, sql, values) {
  try {
    const result = await (values ? client.query(sql, [...values]) : client.query(sql));
    return result.rows;
  } catch (error) {
    throw mapError(error, activity);
  }
}
function disconnect(client) {
  client.end().catch(() => {});
}
function asText(value) {
  return value;
}

// packages/cdc/src/connection/replication-client.ts
async function connectReplication(connection) {
  const client = await connect2(connection, true);
  try {
    const [system] = await query(client, 'connect', 'IDENTIFY_SYSTEM');
    const [settings] = await query(
      client,
      'connect',
      `SELECT current_setting('server_version_num') AS version,
         (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout') AS timeout`,
    );
    return {
      client,
      identity: {
        systemId: system?.['systemid'] ?? '',
        timeline: system?.['timeline'] ?? '',
        database: system?.['dbname'] ?? '',
      },
      serverVersion: Number(settings?.['version']),
      walSenderTimeoutMs: Number(settings?.['timeout']),
    };
  } catch (error) {
    disconnect(client);
    throw mapError(error, 'connect');
  }
}

// packages/cdc/src/connection/quote.ts
function quoteName(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
function quoteText(text2) {
  return `'${text2.replaceAll("'", "''")}'`;
}
function quoteTable(table) {
  return `${quoteName(table.schema)}.${quoteName(table.name)}`;
}

// packages/cdc/src/publication/publication.ts
var OURS = 'kept in step by sluice';
async function ensurePublication(client, name, tables, mayCreate, serverVersion) {
  const found = await find(client, name);
  if (!found) {
    if (tables === void 0 || !mayCreate) throw missing2(name);
    await create(client, name, tables, serverVersion);
  } else if (tables !== void 0 && !sameTables(found.tables, tables)) {
    if (found.comment !== OURS || !mayCreate) throw mismatch(name);
    await query(client, 'publication', `ALTER PUBLICATION ${quoteName(name)} SET TABLE ${tables.map(only).join(', ')}`);
  }
}
async function find(client, name) {
  const [row] = await query(
    client,
    'publication',
    `SELECT obj_description(p.oid, 'pg_publication') AS comment,
       CASE WHEN p.puballtables THEN NULL ELSE
         (SELECT json_agg(n.nspname || '.' || c.relname)::text FROM pg_catalog.pg_publication_rel r
          JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE r.prpubid = p.oid) END AS tables
     FROM pg_catalog.pg_publication p WHERE p.pubname = $1`,
    [name],
  );
  return row && { comment: row['comment'] ?? null, tables: JSON.parse(row['tables'] ?? '[]') };
}
async function create(client, name, tables, serverVersion) {
  const quoted2 = quoteName(name);
  const asOneTable = serverVersion >= 13e4 ? ' WITH (publish_via_partition_root = true)' : '';
  const statements = [
    'BEGIN',
    `CREATE PUBLICATION ${quoted2} FOR TABLE ${tables.map(only).join(', ')}${asOneTable}`,
    `COMMENT ON PUBLICATION ${quoted2} IS ${quoteText(OURS)}`,
    'COMMIT',
  ];
  await query(client, 'publication', statements.join('; '));
}
function only(table) {
  return `ONLY ${quoteTable(table)}`;
}
function sameTables(found, wanted) {
  const names = new Set(found);
  return names.size === wanted.length && wanted.every((table) => names.has(`${table.schema}.${table.name}`));
}
function missing2(name) {
  return new ComponentError('CDC_PUBLICATION_MISSING', `there is no publication ${name}`, {
    details: { publication: name },
  });
}
function mismatch(name) {
  return new ComponentError('CDC_PUBLICATION_MISMATCH', `publication ${name} holds other tables`, {
    details: { publication: name },
  });
}

// packages/cdc/src/change/key-columns.ts
function keyColumns(table) {
  const { replicaIdentity, columns: columns2, identity, primaryKey: primaryKey2 } = table;
  const told = replicaIdentity === 'n' ? columns2 : identity;
  if (primaryKey2.length > 0 && primaryKey2.every((name) => told.includes(name))) return primaryKey2;
  return replicaIdentity === 'f' ? [] : identity;
}

// packages/cdc/src/publication/published-tables.ts
async function publishedTables(client, publication, serverVersion) {
  const rows = await query(client, 'publication', describeTables(serverVersion), [publication]);
  return rows.map((row) => toTable(JSON.parse(row['described'] ?? '{}')));
}
async function primaryKey(client, oid) {
  const [row] = await query(client, 'query', `SELECT (${indexColumns('indisprimary', '$1::oid')})::text AS names`, [
    oid,
  ]);
  return row?.['names'] ? JSON.parse(row['names']) : void 0;
}
function toTable(table) {
  const names = table.columns.map((column) => column.name);
  const primary = table.primary_key ?? [];
  const identity = { d: primary, i: table.identity ?? [], f: names, n: [] }[table.identity_kind] ?? [];
  return {
    schema: table.schema,
    name: table.name,
    columns: table.columns.map((column) => ({ name: column.name, typeOid: Number(column.type) })),
    keyColumns: keyColumns({ replicaIdentity: table.identity_kind, columns: names, identity, primaryKey: primary }),
    rowFilter: table.filter,
    partitioned: table.kind === 'p',
  };
}
function describeTables(serverVersion) {
  const listed = serverVersion >= 15e4 ? 'AND a.attname = ANY (t.attnames)' : '';
  const generated = serverVersion < 18e4 && serverVersion >= 12e4 ? `AND a.attgenerated = ''` : '';
  return `SELECT json_build_object(
    'schema', n.nspname, 'name', c.relname, 'kind', c.relkind, 'identity_kind', c.relreplident,
    'filter', ${serverVersion >= 15e4 ? 't.rowfilter' : 'NULL'},
    'columns', (SELECT json_agg(json_build_object('name', a.attname, 'type', a.atttypid::text) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ${listed} ${generated}),
    'primary_key', (${indexColumns('indisprimary', 'c.oid')}),
    'identity', (${indexColumns('indisreplident', 'c.oid')}))::text AS described
  FROM pg_catalog.pg_publication_tables t
  JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
  WHERE t.pubname = $1 ORDER BY 1`;
}
function indexColumns(which, table) {
  return `SELECT json_agg(a.attname ORDER BY k.place) FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = ${table} AND i.${which} AND k.place <= i.indnkeyatts`;
}

// packages/cdc/src/wire/lsn.ts
function parseLsn(text2) {
  const [high = '', low = ''] = text2.split('/');
  return Number.parseInt(high, 16) * 4294967296 + Number.parseInt(low, 16);
}
function formatLsn(lsn) {
  return `${Math.floor(lsn / 4294967296).toString(16)}/${(lsn >>> 0).toString(16)}`.toUpperCase();
}

// packages/cdc/src/slot/slot.ts
async function findSlot(client, name) {
  const [row] = await query(
    client,
    'slot',
    `SELECT row_to_json(s)::text AS slot, current_database() AS here
     FROM (SELECT * FROM pg_catalog.pg_replication_slots WHERE slot_name = $1) s`,
    [name],
  );
  if (!row?.['slot']) return void 0;
  const slot2 = JSON.parse(row['slot']);
  const details = { slot: name };
  if (slot2['wal_status'] === 'lost' || (slot2['invalidation_reason'] ?? null) !== null) {
    throw new ComponentError('CDC_SLOT_INVALIDATED', `slot ${name} has lost its WAL`, { details });
  }
  if (slot2['plugin'] !== 'pgoutput' || slot2['database'] !== row['here']) {
    throw new ComponentError('CDC_SLOT_UNSUITABLE', `slot ${name} is not a pgoutput slot of this database`, {
      details,
    });
  }
  return { confirmed: parseLsn(String(slot2['confirmed_flush_lsn'] ?? '0/0')) };
}
async function createSlot(client, name, options) {
  const kind = options.snapshot ? 'export' : 'nothing';
  const legacy = options.snapshot ? 'EXPORT_SNAPSHOT' : 'NOEXPORT_SNAPSHOT';
  const how = options.serverVersion >= 15e4 ? `(SNAPSHOT '${kind}')` : legacy;
  const [row] = await query(
    client,
    'slot',
    `CREATE_REPLICATION_SLOT ${quoteName(name)} ${options.temporary ? 'TEMPORARY ' : ''}LOGICAL pgoutput ${how}`,
  );
  return { consistentPoint: parseLsn(row?.['consistent_point'] ?? '0/0'), snapshot: row?.['snapshot_name'] ?? null };
}
async function openTransactions(client) {
  const rows = await query(
    client,
    'query',
    `SELECT pid::text AS pid FROM pg_catalog.pg_stat_activity
     WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 20`,
  );
  return rows.map((row) => row['pid'] ?? '');
}

// packages/cdc/src/source/options.ts
var MIB = 1024 * 1024;
function parseOptions(options) {
  const slot2 = typeof options.slot === 'string' ? { name: options.slot } : options.slot;
  if (!/^[a-z0-9_]{1,63}$/.test(slot2?.name ?? '')) throw invalid2('slot', 'must match [a-z0-9_]{1,63}');
  const publication = typeof options.publication === 'string' ? { name: options.publication } : options.publication;
  const tables = options.tables?.map(parseTable);
  if (tables === void 0 && publication === void 0) throw invalid2('tables', 'give tables or a publication');
  if (tables?.length === 0) throw invalid2('tables', 'must not be empty');
  if (publication && (publication.name === '' || publication.name.includes('\0')))
    throw invalid2('publication', 'is empty');
  if (options.connection === void 0) throw invalid2('connection', 'is missing; {} takes the PG* variables');
  return {
    name: options.name ?? `postgres:${slot2.name}`,
    connection: options.connection,
    tables,
    publication: publication?.name ?? slot2.name,
    createPublication: publication?.create ?? true,
    slot: slot2.name,
    createSlot: slot2.create ?? true,
    temporary: slot2.temporary ?? false,
    snapshot: (options.snapshot ?? 'initial') === 'initial',
    snapshotConnections: Math.floor(within2('snapshotConnections', options.snapshotConnections ?? 2, 1, 100)),
    messages: options.messages ?? false,
    statusIntervalMs: within2('statusIntervalMs', options.statusIntervalMs ?? 1e3, 10, 36e5),
    linkTimeoutMs: within2('linkTimeoutMs', options.linkTimeoutMs ?? 6e4, 100, 864e5),
    reconnect: {
      initialDelayMs: within2('reconnect.initialDelayMs', options.reconnect?.initialDelayMs ?? 100, 1, 36e5),
      maxDelayMs: within2('reconnect.maxDelayMs', options.reconnect?.maxDelayMs ?? 5e3, 1, 36e5),
      giveUpAfterMs: within2('reconnect.giveUpAfterMs', options.reconnect?.giveUpAfterMs ?? 6e4, 0, 864e5),
    },
    wire: {
      coalesceMs: within2('coalesceMs', options.coalesceMs ?? 1, 0, 1e3),
      maxMessageBytes: within2('maxMessageBytes', options.maxMessageBytes ?? 256 * MIB, 1024, 1024 * MIB),
    },
  };
}
function parseTable(table) {
  const text2 = typeof table === 'string' ? table : table.name;
  const name = splitTableName(text2);
  if (!name || text2.includes('\0')) throw invalid2('tables', 'each must be schema.name');
  return name;
}
function within2(option, value, least, most) {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw invalid2(option, `must be a number from ${least} to ${most}`);
}
function invalid2(option, what) {
  return new ComponentError('OPTIONS_INVALID', `${option}: ${what}`, { details: { option } });
}

// packages/cdc/src/wire/bytes.ts
function allocate(bytes) {
  return Buffer.allocUnsafeSlow(bytes);
}
function u8(buffer, at) {
  return buffer[at];
}
function u16(buffer, at) {
  return (buffer[at] << 8) | buffer[at + 1];
}
function i32(buffer, at) {
  return (buffer[at] << 24) | (buffer[at + 1] << 16) | (buffer[at + 2] << 8) | buffer[at + 3];
}
function u32(buffer, at) {
  return i32(buffer, at) >>> 0;
}
function u64(buffer, at) {
  return u32(buffer, at) * 4294967296 + u32(buffer, at + 4);
}
function i64(buffer, at) {
  return i32(buffer, at) * 4294967296 + u32(buffer, at + 4);
}
function endOfString(buffer, at) {
  let end = at;
  while (buffer[end] !== 0) end++;
  return end;
}

// packages/cdc/src/wire/message-codes.ts
var COPY_DATA = 100;
var COPY_DONE = 99;
var COPY_BOTH_RESPONSE = 87;
var ERROR_RESPONSE = 69;
var READY_FOR_QUERY = 90;
var XLOG_DATA = 119;
var BEGIN = 66;
var COMMIT = 67;
var ORIGIN = 79;
var RELATION = 82;
var TYPE = 89;
var INSERT = 73;
var UPDATE = 85;
var DELETE = 68;
var TRUNCATE = 84;
var LOGICAL_MESSAGE = 77;
var KEY_TUPLE = 75;
var OLD_TUPLE = 79;
var NULL_VALUE = 110;
var UNCHANGED_VALUE = 117;
var TEXT_VALUE = 116;

// packages/cdc/src/pgoutput/logical-message.ts
function readLogicalMessage(buffer, at) {
  const prefixEnd = endOfString(buffer, at + 9);
  const start = prefixEnd + 5;
  return {
    lsn: u64(buffer, at + 1),
    change: {
      op: 'message',
      table: null,
      before: null,
      after: null,
      prefix: buffer.utf8Slice(at + 9, prefixEnd),
      content: new Uint8Array(buffer.subarray(start, start + i32(buffer, prefixEnd + 1))),
      transactional: (u8(buffer, at) & 1) === 1,
    },
  };
}
var CONTEXT_PREFIX = 'sluice.context';
function contextHeaders(content) {
  let parsed;
  try {
    parsed = JSON.parse(new TextDecoder().decode(content));
  } catch {
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null) return {};
  const pairs = Object.entries(parsed).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}

// packages/cdc/src/pgoutput/relation.ts
function readRelation(buffer, at) {
  const oid = u32(buffer, at);
  const schemaEnd = endOfString(buffer, at + 4);
  const schema = buffer.utf8Slice(at + 4, schemaEnd) || 'pg_catalog';
  const nameEnd = endOfString(buffer, schemaEnd + 1);
  const name = buffer.utf8Slice(schemaEnd + 1, nameEnd);
  const replicaIdentity = String.fromCharCode(u8(buffer, nameEnd + 1));
  const columns2 = [];
  let next = nameEnd + 4;
  for (let left = u16(buffer, nameEnd + 2); left > 0; left--) {
    const end = endOfString(buffer, next + 1);
    columns2.push({
      identity: (u8(buffer, next) & 1) === 1,
      name: buffer.utf8Slice(next + 1, end),
      typeOid: u32(buffer, end + 1),
    });
    next = end + 9;
  }
  return { oid, schema, name, replicaIdentity, columns: columns2 };
}

// packages/cdc/src/values/array.ts
function parseArray2(text2, element) {
  if (text2.charCodeAt(0) !== OPEN) return text2;
  return new ArrayReader(text2, element).read();
}
var OPEN = 123;
var CLOSE = 125;
var COMMA = 44;
var QUOTE = 34;
var BACKSLASH = 92;
var ArrayReader = class {
  #text;
  #element;
  #at = 0;
  constructor(text2, element) {
    this.#text = text2;
    this.#element = element;
  }
  read() {
    const items = [];
    this.#at++;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === COMMA) this.#at++;
      else if (code === OPEN) items.push(this.read());
      else if (code === QUOTE) items.push(this.#element(this.#quoted()));
      else if (code === CLOSE || Number.isNaN(code)) break;
      else items.push(this.#bare());
    }
    this.#at++;
    return items;
  }
  #bare() {
    const start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === COMMA || code === CLOSE || Number.isNaN(code)) break;
      this.#at++;
    }
    const item = this.#text.slice(start, this.#at);
    return item === 'NULL' ? null : this.#element(item);
  }
  #quoted() {
    let item = '';
    let start = ++this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE || Number.isNaN(code)) break;
      if (code === BACKSLASH) {
        item += this.#text.slice(start, this.#at);
        start = ++this.#at;
      }
      this.#at++;
    }
    item += this.#text.slice(start, this.#at++);
    return item;
  }
};

// packages/cdc/src/values/bytea.ts
function parseBytea(text2) {
  const bytes = new Uint8Array((text2.length - 2) >> 1);
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    bytes[i] = (nibble(text2.charCodeAt(at)) << 4) | nibble(text2.charCodeAt(at + 1));
  }
  return bytes;
}
function readBytea(buffer, start, end) {
  const bytes = new Uint8Array((end - start - 2) >> 1);
  for (let i = 0, at = start + 2; i < bytes.length; i++, at += 2) {
    bytes[i] = (nibble(buffer[at]) << 4) | nibble(buffer[at + 1]);
  }
  return bytes;
}
function nibble(code) {
  return (code & 15) + (code >> 6) * 9;
}

// packages/cdc/src/values/numbers.ts
var MINUS = 45;
function readInteger(buffer, start, end) {
  const negative = buffer[start] === MINUS;
  let value = 0;
  for (let at = negative ? start + 1 : start; at < end; at++) value = value * 10 + (buffer[at] - 48);
  return negative ? -value : value;
}
function readBigint(buffer, start, end) {
  if (end - start <= 15) return BigInt(readInteger(buffer, start, end));
  return BigInt(buffer.latin1Slice(start, end));
}
function readFloat(buffer, start, end) {
  return Number(buffer.latin1Slice(start, end));
}

// packages/cdc/src/values/by-type.ts
var text = (value) => value;
var json = (value) => new JsonText(value);
var bool = (value) => value === 't';
var readText = (buffer, start, end) => buffer.utf8Slice(start, end);
var readAscii = (buffer, start, end) => buffer.latin1Slice(start, end);
var readJson = (buffer, start, end) => new JsonText(buffer.utf8Slice(start, end));
var readBool = (buffer, start) => buffer[start] === 116;
var scalar = (oid, array, read2, parse) => ({
  oid,
  array,
  read: read2,
  parse,
});
var ascii = (oid, array) => scalar(oid, array, readAscii, text);
var utf8 = (oid, array) => scalar(oid, array, readText, text);
var SCALARS = [
  scalar(16, 1e3, readBool, bool),
  // bool
  scalar(17, 1001, readBytea, parseBytea),
  // bytea
  scalar(20, 1016, readBigint, BigInt),
  // int8
  scalar(21, 1005, readInteger, Number),
  // int2
  scalar(23, 1007, readInteger, Number),
  // int4
  scalar(26, 1028, readInteger, Number),
  // oid
  scalar(700, 1021, readFloat, Number),
  // float4
  scalar(701, 1022, readFloat, Number),
  // float8
  scalar(114, 199, readJson, json),
  // json
  scalar(3802, 3807, readJson, json),
  // jsonb
  ascii(1700, 1231),
  // numeric
  ascii(1082, 1182),
  // date
  ascii(1083, 1183),
  // time
  ascii(1114, 1115),
  // timestamp
  ascii(1184, 1185),
  // timestamptz
  ascii(1186, 1187),
  // interval
  ascii(1266, 1270),
  // timetz
  ascii(2950, 2951),
  // uuid
  ascii(869, 1041),
  // inet
  ascii(650, 651),
  // cidr
  ascii(829, 1040),
  // macaddr
  ascii(774, 775),
  // macaddr8
  ascii(1560, 1561),
  // bit
  ascii(1562, 1563),
  // varbit
  ascii(3220, 3221),
  // pg_lsn
  utf8(18, 1002),
  // "char"
  utf8(19, 1003),
  // name
  utf8(25, 1009),
  // text
  utf8(1042, 1014),
  // bpchar
  utf8(1043, 1015),
  // varchar
  utf8(142, 143),
  // xml
  utf8(790, 791),
  // money
  utf8(600, 1017),
  // point
  utf8(3614, 3643),
  // tsvector
  utf8(3615, 3645),
  // tsquery
  utf8(4072, 4073),
  // jsonpath
  ascii(3904, 3905),
  // int4range
  ascii(3906, 3907),
  // numrange
  ascii(3908, 3909),
  // tsrange
  ascii(3910, 3911),
  // tstzrange
  ascii(3912, 3913),
  // daterange
  ascii(3926, 3927),
  // int8range
];
var READERS = /* @__PURE__ */ new Map();
for (const { oid, array, read: read2, parse } of SCALARS) {
  READERS.set(oid, read2);
  READERS.set(array, (buffer, start, end) => parseArray2(buffer.utf8Slice(start, end), parse));
}
function valueReader(typeOid) {
  return READERS.get(typeOid) ?? readText;
}

// packages/cdc/src/pgoutput/compiled-row-reader.ts
function compileRowReader(columns2, wanted, end) {
  const body = columns2.map((column, i) => readColumn(i, literal(column.name), wanted[i] === true)).join('\n');
  const kept = columns2.flatMap((column, i) => (wanted[i] ? [`${propertyName(column.name)}: v${i}`] : []));
  const readers = columns2.map((_, i) => `r${i} = readers[${i}]`);
  const source2 = `'use strict';
const ${['unused = 0', ...readers].join(', ')};
return function readRow(buffer, p, full) {
  if (((buffer[p] << 8) | buffer[p + 1]) !== ${columns2.length}) malformed(-1);
  p += 2;
  let n = 0;
${body}
  end.at = p;
  return { ${kept.join(', ')} };
};`;
  const make = new Function('readers', 'i32', 'UNCHANGED', 'malformed', 'end', source2);
  return make(
    columns2.map((column) => valueReader(column.typeOid)),
    i32,
    UNCHANGED,
    malformedTuple,
    end,
  );
}
function readColumn(i, name, wanted) {
  const text2 = wanted ? `v${i} = r${i}(buffer, p + 5, p + 5 + n);` : '';
  const unchanged = wanted ? `v${i} = full === null ? UNCHANGED : full[${name}];` : '';
  return `  let v${i} = null;
  switch (buffer[p]) {
    case 116: n = i32(buffer, p + 1); ${text2} p += 5 + n; break;
    case 110: p += 1; break;
    case 117: ${unchanged} p += 1; break;
    default: malformed(buffer[p]);
  }`;
}
function literal(name) {
  return JSON.stringify(name)
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}
function propertyName(name) {
  return name === '__proto__' ? `[${literal(name)}]` : literal(name);
}

// packages/cdc/src/pgoutput/interpreted-row-reader.ts
function interpretRowReader(columns2, wanted, end) {
  const names = columns2.map((column) => column.name);
  const readers = columns2.map((column) => valueReader(column.typeOid));
  return (buffer, start, full) => {
    if (u16(buffer, start) !== columns2.length) malformedTuple(-1);
    const row = {};
    let at = start + 2;
    for (let i = 0; i < columns2.length; i++) {
      const kind = u8(buffer, at);
      const name = names[i];
      let value = null;
      if (kind === TEXT_VALUE) {
        const length = i32(buffer, at + 1);
        if (wanted[i]) value = readers[i]?.(buffer, at + 5, at + 5 + length);
        at += 5 + length;
      } else {
        if (kind === UNCHANGED_VALUE) value = full === null ? UNCHANGED : full[name];
        else if (kind !== NULL_VALUE) malformedTuple(kind);
        at += 1;
      }
      if (wanted[i]) setColumn(row, name, value);
    }
    end.at = at;
    return row;
  };
}
function setColumn(row, name, value) {
  if (name !== '__proto__') row[name] = value;
  else Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
}

// packages/cdc/src/pgoutput/row-reader.ts
var WIDEST_COMPILED = 250;
function rowReader(columns2, wanted, end) {
  if (columns2.length > WIDEST_COMPILED) return interpretRowReader(columns2, wanted, end);
  try {
    return compileRowReader(columns2, wanted, end);
  } catch (error) {
    if (error instanceof EvalError) return interpretRowReader(columns2, wanted, end);
    throw error;
  }
}
function malformedTuple(kind) {
  throw new ComponentError('CDC_PROTOCOL', 'a tuple does not fit its relation', { details: { kind } });
}

// packages/cdc/src/pgoutput/relation-decoder.ts
var RelationDecoder = class {
  /** `schema.name` */
  table;
  keyColumns;
  /** Reads whole rows. */
  row;
  /** Reads old rows that hold their replica identity alone. */
  identity;
  #transaction;
  #origin;
  /** `primaryKey`: from the catalogue, where it was looked up. */
  constructor(message, primaryKey2, end) {
    this.table = `${message.schema}.${message.name}`;
    this.keyColumns = chooseKey(message, primaryKey2);
    this.row = rowReader(
      message.columns,
      message.columns.map(() => true),
      end,
    );
    this.identity = rowReader(
      message.columns,
      message.columns.map((column) => column.identity),
      end,
    );
  }
  /** One origin for all events of this table in a transaction. */
  origin(history, transaction) {
    if (this.#transaction === transaction && this.#origin) return this.#origin;
    this.#transaction = transaction;
    this.#origin = new StreamOrigin(history, transaction, this.keyColumns);
    return this.#origin;
  }
};
function needsCatalogue(message) {
  return message.replicaIdentity !== 'd' || message.columns.filter((column) => column.identity).length > 1;
}
function chooseKey(message, primaryKey2) {
  return keyColumns({
    replicaIdentity: message.replicaIdentity,
    columns: message.columns.map((column) => column.name),
    identity: message.columns.filter((column) => column.identity).map((column) => column.name),
    primaryKey: primaryKey2 ?? [],
  });
}

// packages/cdc/src/pgoutput/change-decoder.ts
var NO_HEADERS2 = Object.freeze({});
var EVENT_OVERHEAD = 96;
var ChangeDecoder = class {
  progress;
  /** A relation that waits for the catalogue: decode nothing before `addRelation` was called. */
  pendingRelation;
  /** About what the events take in memory. */
  bytes = 0;
  #events = [];
  #commits = [];
  /** Events in the batch that belong to the open transaction. */
  #ofTransaction = 0;
  #transaction;
  #lastOid = -1;
  #lastRelation;
  #relations = /* @__PURE__ */ new Map();
  #end = { at: 0 };
  #history;
  #messages;
  constructor(options, progress) {
    this.#history = options.history;
    this.#messages = options.messages;
    this.progress = progress;
  }
  /** Events decoded and not yet taken. */
  get count() {
    return this.#events.length;
  }
  get inTransaction() {
    return this.#transaction !== void 0;
  }
  /** The connection is another one: what was known of relations and of the open transaction comes anew. */
  restart() {
    this.#transaction = void 0;
    this.#ofTransaction = 0;
    this.#relations.clear();
    this.#lastOid = -1;
    this.pendingRelation = void 0;
    this.progress.restart();
  }
  /** Decodes the message between `at` and `end`. */
  decode(buffer, at, end) {
    switch (u8(buffer, at)) {
      case INSERT:
        this.#insert(buffer, at + 1, end);
        return;
      case UPDATE:
        this.#update(buffer, at + 1, end);
        return;
      case DELETE:
        this.#delete(buffer, at + 1, end);
        return;
      case BEGIN:
        this.#transaction = {
          commitLsn: u64(buffer, at + 1),
          committedAt: i64(buffer, at + 9),
          xid: u32(buffer, at + 17),
          headers: NO_HEADERS2,
        };
        return;
      case COMMIT:
        this.#commit(u64(buffer, at + 10));
        return;
      case RELATION:
        this.#relationMessage(readRelation(buffer, at + 1));
        return;
      case TRUNCATE:
        this.#truncate(buffer, at + 1);
        return;
      case LOGICAL_MESSAGE:
        this.#logicalMessage(buffer, at + 1, end);
        return;
      case TYPE:
      case ORIGIN:
        return;
      default:
        throw new ComponentError('CDC_PROTOCOL', 'a message of unknown kind', { details: { kind: u8(buffer, at) } });
    }
  }
  addRelation(message, primaryKey2) {
    this.pendingRelation = void 0;
    this.#lastOid = -1;
    this.#relations.set(message.oid, new RelationDecoder(message, primaryKey2, this.#end));
  }
  /** What was decoded since the last call, as a frame; `undefined` when nothing was. */
  take() {
    if (this.#events.length === 0) return void 0;
    const frame = {
      kind: 'batch',
      events: this.#events,
      bytes: this.bytes,
      position: this.progress.deliver(),
      commits: this.#commits,
    };
    this.#events = [];
    this.#commits = [];
    this.#ofTransaction = 0;
    this.bytes = 0;
    return frame;
  }
  #insert(buffer, at, end) {
    const relation = this.#relation(u32(buffer, at));
    if (!this.progress.wanted()) return;
    const after = relation.row(buffer, at + 5, null);
    this.#push({ op: 'insert', table: relation.table, before: null, after }, relation, end - at);
  }
  #update(buffer, at, end) {
    const relation = this.#relation(u32(buffer, at));
    if (!this.progress.wanted()) return;
    const kind = u8(buffer, at + 4);
    let before = null;
    let next = at + 5;
    if (kind === OLD_TUPLE) before = relation.row(buffer, next, null);
    else if (kind === KEY_TUPLE) before = relation.identity(buffer, next, null);
    if (before !== null) next = this.#end.at + 1;
    const after = relation.row(buffer, next, kind === OLD_TUPLE ? before : null);
    this.#push({ op: 'update', table: relation.table, before, after }, relation, end - at);
  }
  #delete(buffer, at, end) {
    const relation = this.#relation(u32(buffer, at));
    if (!this.progress.wanted()) return;
    const reader = u8(buffer, at + 4) === OLD_TUPLE ? relation.row : relation.identity;
    const before = reader(buffer, at + 5, null);
    this.#push({ op: 'delete', table: relation.table, before, after: null }, relation, end - at);
  }
  #truncate(buffer, at) {
    const flags = u8(buffer, at + 4);
    for (let i = 0, left = u32(buffer, at); left > 0; i += 4, left--) {
      const relation = this.#relation(u32(buffer, at + 5 + i));
      if (!this.progress.wanted()) continue;
      const change = {
        op: 'truncate',
        table: relation.table,
        before: null,
        after: null,
        cascade: (flags & 1) !== 0,
        restartIdentity: (flags & 2) !== 0,
      };
      this.#push(change, relation, 0);
    }
  }
  #logicalMessage(buffer, at, end) {
    const { change, lsn } = readLogicalMessage(buffer, at);
    if (change.prefix === CONTEXT_PREFIX && this.#transaction && this.progress.index === 0) {
      this.#transaction.headers = contextHeaders(change.content);
      return;
    }
    if (!this.#messages) return;
    if (change.transactional && this.#transaction) {
      if (!this.progress.wanted()) return;
      this.#emit(change, new StreamOrigin(this.#history, this.#transaction, []), end - at);
      return;
    }
    const committedAt = (Date.now() - Date.UTC(2e3, 0)) * 1e3;
    const alone = { commitLsn: lsn, committedAt, xid: 0, headers: NO_HEADERS2 };
    this.#events.push(new Envelope(change, new StreamOrigin(this.#history, alone, []), 0));
    this.#commits.push(this.#events.length - 1);
    this.bytes += end - at + EVENT_OVERHEAD;
    this.progress.commit(lsn);
  }
  #push(change, relation, bytes) {
    this.#emit(change, relation.origin(this.#history, this.#open()), bytes);
  }
  #emit(change, origin, bytes) {
    this.#events.push(new Envelope(change, origin, this.progress.index - 1));
    this.#ofTransaction++;
    this.bytes += bytes + EVENT_OVERHEAD;
  }
  #commit(end) {
    if (this.#ofTransaction > 0) this.#commits.push(this.#events.length - 1);
    this.#ofTransaction = 0;
    this.#transaction = void 0;
    this.progress.commit(end);
  }
  #relationMessage(message) {
    if (needsCatalogue(message)) this.pendingRelation = message;
    else this.addRelation(message, void 0);
  }
  #open() {
    if (this.#transaction) return this.#transaction;
    throw new ComponentError('CDC_PROTOCOL', 'a change came outside of a transaction');
  }
  #relation(oid) {
    if (oid === this.#lastOid && this.#lastRelation) return this.#lastRelation;
    const relation = this.#relations.get(oid);
    if (!relation) throw new ComponentError('CDC_PROTOCOL', 'a change of an unknown relation', { details: { oid } });
    this.#lastOid = oid;
    this.#lastRelation = relation;
    return relation;
  }
};

// packages/cdc/src/pgoutput/progress.ts
var FAR_BYTES = 16 * 1024 * 1024;
var INTERVAL_MS = 1e3;
var NEAR_BYTES = 64 * 1024;
var NEAR_INTERVAL_MS = 5e3;
var Progress = class {
  /** A log position. */
  resume;
  /** Events of the open transaction so far, delivered or skipped. */
  index = 0;
  #skip;
  /** `resume` of the last frame. */
  #told;
  #toldAt = 0;
  /** Events of the transaction whose commit has just come were delivered before it came. */
  #owed = false;
  #deliveredWithin = 0;
  /** Asked for: tell as soon as this is reached. */
  #awaited = 0;
  constructor(resume, within3) {
    this.resume = resume;
    this.#told = resume;
    this.#skip = within3;
    this.#deliveredWithin = within3;
  }
  /** Counts an event; false if it was delivered before. */
  wanted() {
    this.index++;
    if (this.#skip === 0) return true;
    this.#skip--;
    return false;
  }
  /**
   * A transaction, or a message outside of transactions, has ended at `end`. One without events that comes before those to
   * be skipped changes nothing.
   */
  commit(end) {
    if (this.index === 0 && this.#skip > 0) return;
    this.#skip = 0;
    this.index = 0;
    this.#owed ||= this.#deliveredWithin > 0;
    this.#deliveredWithin = 0;
    this.resume = Math.max(this.resume, end);
  }
  /** The server has nothing for us up to `walEnd`. */
  idle(walEnd) {
    if (this.index === 0 && this.#skip === 0 && walEnd > this.resume) this.resume = walEnd;
  }
  /** Where the stream can be started again without losing or repeating what was delivered. */
  position() {
    return { resume: paddedPosition(this.resume), within: this.index + this.#skip };
  }
  /** The position of a frame that holds everything up to here. */
  deliver() {
    const position = this.position();
    this.#note(position);
    return position;
  }
  /** The connection was lost: the events of the open transaction come again. */
  restart() {
    this.#skip += this.index;
    this.index = 0;
  }
  /** Someone waits for the position to reach `lsn`. */
  await(lsn) {
    this.#awaited = Math.max(this.#awaited, lsn);
  }
  /** A progress frame, when one is due at `now` (milliseconds). */
  due(now) {
    if (this.resume <= this.#told || this.index > 0) return void 0;
    const reached2 = this.#awaited > this.#told && this.resume >= this.#awaited;
    const ahead = this.resume - this.#told;
    const interval = ahead < NEAR_BYTES ? NEAR_INTERVAL_MS : INTERVAL_MS;
    if (!this.#owed && !reached2 && ahead < FAR_BYTES && now - this.#toldAt < interval) return void 0;
    this.#toldAt = now;
    return { kind: 'progress', position: this.deliver() };
  }
  #note(position) {
    this.#told = this.resume;
    this.#deliveredWithin = position.within;
    this.#owed = false;
  }
};

// packages/cdc/src/replication/backoff.ts
function backoffMs2(attempt, options, random = Math.random()) {
  const full = Math.min(options.maxDelayMs, options.initialDelayMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random;
}

// packages/cdc/src/replication/pause.ts
function pause2(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

// packages/cdc/src/replication/standby-status.ts
var StandbyStatus = class {
  flushed;
  received;
  constructor(flushed) {
    this.flushed = flushed;
    this.received = flushed;
  }
  /** As a CopyData message; `ask` makes the server answer. */
  message(ask2) {
    const message = Buffer.alloc(39);
    message[0] = 100;
    message.writeInt32BE(38, 1);
    message[5] = 114;
    const flushed = BigInt(this.flushed);
    message.writeBigUInt64BE(BigInt(Math.max(this.received, this.flushed)), 6);
    message.writeBigUInt64BE(flushed, 14);
    message.writeBigUInt64BE(flushed, 22);
    message.writeBigInt64BE((BigInt(Date.now()) - 946684800000n) * 1000n, 30);
    message[38] = ask2 ? 1 : 0;
    return message;
  }
};

// packages/cdc/src/wire/error-response.ts
function readErrorResponse(buffer, start) {
  const fields = /* @__PURE__ */ new Map();
  let at = start + 5;
  while (u8(buffer, at) !== 0) {
    const end = endOfString(buffer, at + 1);
    fields.set(String.fromCharCode(u8(buffer, at)), buffer.utf8Slice(at + 1, end));
    at = end + 1;
  }
  return {
    severity: fields.get('V') ?? fields.get('S') ?? 'ERROR',
    sqlState: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? '',
  };
}

// packages/cdc/src/wire/hot-reads.ts
var READS = 4;
var WITHIN_MS = 5;
var HotReads = class {
  #times = new Float64Array(READS);
  #next = 0;
  /** Notes a read at `now`; true while they are hot. */
  note(now) {
    const oldest = this.#times[this.#next];
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % READS;
    return now - oldest <= WITHIN_MS;
  }
};

// packages/cdc/src/wire/slab.ts
var Slab = class {
  buffer;
  head = 0;
  tail = 0;
  #capacity;
  #limit;
  constructor(capacity, limit) {
    this.buffer = allocate(capacity);
    this.#capacity = capacity;
    this.#limit = limit;
  }
  /** Unread bytes. */
  get length() {
    return this.tail - this.head;
  }
  append(chunk) {
    if (this.head === this.tail) this.#rewind();
    if (this.tail + chunk.length > this.buffer.length) this.#makeRoom(chunk.length);
    this.buffer.set(chunk, this.tail);
    this.tail += chunk.length;
  }
  /**
   * The end of the message at `head`, or -1 while it is not here in full.
   *
   * @throws ComponentError `CDC_MESSAGE_TOO_LARGE`
   */
  messageEnd() {
    if (this.tail - this.head < 5) return -1;
    const length = i32(this.buffer, this.head + 1);
    const end = this.head + 1 + length;
    if (end <= this.tail && length >= 4) return end;
    this.#check(length);
    return -1;
  }
  /** Forgets what is unread: the connection that it came from is gone. */
  clear() {
    this.head = this.tail = 0;
    this.#rewind();
  }
  #check(length) {
    if (length < 4)
      throw new ComponentError('CDC_PROTOCOL', 'a message has an impossible length', { details: { length } });
    if (length <= this.#limit) return;
    throw new ComponentError('CDC_MESSAGE_TOO_LARGE', `a message is larger than maxMessageBytes`, {
      details: { bytes: length, maxMessageBytes: this.#limit },
    });
  }
  #rewind() {
    this.head = this.tail = 0;
    if (this.buffer.length > this.#capacity) this.buffer = allocate(this.#capacity);
  }
  #makeRoom(bytes) {
    const needed = this.length + bytes;
    const target2 = needed <= this.buffer.length ? this.buffer : allocate(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(target2, 0, this.head, this.tail);
    this.buffer = target2;
    this.tail -= this.head;
    this.head = 0;
  }
};

// packages/cdc/src/wire/raw-socket.ts
var SLAB_BYTES = 1024 * 1024;
var HIGH_WATER = 256 * 1024;
var LOW_WATER = 64 * 1024;
var RawSocket = class {
  slab;
  /** Milliseconds of the monotonic clock. */
  lastByteAt = performance.now();
  #socket;
  #hot;
  #coalesceMs;
  #failure;
  #paused = false;
  #napping = false;
  #news = false;
  #wake;
  constructor(client, options) {
    this.slab = new Slab(SLAB_BYTES, options.maxMessageBytes);
    this.#coalesceMs = options.coalesceMs;
    this.#hot = new HotReads();
    this.#socket = client.connection.stream;
    this.#socket.removeAllListeners('data');
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (cause) => this.#fail(cause));
    this.#socket.on('close', () => this.#fail(void 0));
    if (this.#socket.destroyed) this.#fail(void 0);
  }
  /** Why nothing more will come. What is in the slab can still be parsed. */
  get failure() {
    return this.#failure;
  }
  /** Reading was stopped because nobody parses. */
  get paused() {
    return this.#paused;
  }
  /** Sends a Query message (Postgres 18, protocol-message-formats). */
  query(sql) {
    const text2 = Buffer.from(sql, 'utf8');
    const message = Buffer.alloc(text2.length + 6);
    message[0] = 81;
    message.writeInt32BE(text2.length + 5, 1);
    text2.copy(message, 5);
    this.write(message);
  }
  write(bytes) {
    if (this.#socket.writable) this.#socket.write(bytes);
  }
  /** Resolves when bytes have come, the socket has failed, or someone has called `nudge`. Reading goes on meanwhile. */
  news() {
    this.proceed();
    if (this.#news || this.#failure) {
      this.#news = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
  /** Lets whoever waits for news look again. */
  nudge() {
    this.#news = true;
    const wake = this.#wake;
    if (!wake) return;
    this.#wake = void 0;
    this.#news = false;
    wake();
  }
  /** Reads on, if it had stopped because the slab was full and it is not any more. */
  proceedIfLow() {
    if (this.slab.length < LOW_WATER) this.proceed();
  }
  /** Reads on, if it had stopped because the slab was full. */
  proceed() {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#napping) this.#socket.resume();
  }
  /** Ends it: the last words are sent, then the connection is closed. */
  close(lastWords) {
    this.#fail(void 0);
    if (lastWords && this.#socket.writable) this.#socket.end(Buffer.concat([lastWords, TERMINATE]));
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), lastWords ? 500 : 0);
    this.#socket.once('close', () => clearTimeout(timer));
  }
  #receive(chunk) {
    if (this.#failure) return;
    this.lastByteAt = performance.now();
    this.slab.append(chunk);
    if (this.#coalesceMs > 0 && this.#hot.note(this.lastByteAt)) this.#nap();
    if (this.#wake) this.nudge();
    else {
      this.#news = true;
      if (this.slab.length >= HIGH_WATER) this.#pause();
    }
  }
  #pause() {
    this.#paused = true;
    this.#socket.pause();
  }
  /** The walsender sends once for each change and wakes us each time; left alone for a moment it fills the buffers. */
  #nap() {
    if (this.#napping) return;
    this.#napping = true;
    this.#socket.pause();
    setTimeout(() => {
      this.#napping = false;
      if (!this.#paused) this.#socket.resume();
    }, this.#coalesceMs);
  }
  #fail(cause) {
    if (this.#failure) return;
    const reason = cause?.code ?? 'closed';
    this.#failure = new ComponentError('CDC_CONNECTION_LOST', 'the connection was closed', {
      details: { reason },
      cause,
    });
    this.nudge();
  }
};
var TERMINATE = Uint8Array.of(88, 0, 0, 0, 4);

// packages/cdc/src/replication/liveness.ts
function livenessOf(silentMs, timeoutMs, paused) {
  if (paused || silentMs < timeoutMs / 2) return 'alive';
  return silentMs < timeoutMs ? 'ask' : 'dead';
}

// packages/cdc/src/replication/stream-link.ts
var COPY_DONE2 = Uint8Array.of(COPY_DONE, 0, 0, 0, 4);
var StreamLink = class _StreamLink {
  #socket;
  #status;
  #timer;
  #linkTimeoutMs;
  #dead;
  constructor(socket, status, intervalMs, linkTimeoutMs) {
    this.#socket = socket;
    this.#status = status;
    this.#linkTimeoutMs = linkTimeoutMs;
    this.#timer = setInterval(() => this.#tick(), intervalMs);
  }
  /**
   * Starts to stream from `lsn`.
   *
   * @throws ComponentError `CDC_SLOT_ACTIVE`, `CDC_SLOT_MISSING`, `CDC_SLOT_INVALIDATED`, `CDC_CONNECTION_LOST`
   */
  static async start(from, request, lsn, status) {
    const socket = new RawSocket(from.client, request.wire);
    socket.query(startCommand(request, lsn, from.serverVersion));
    try {
      await started(socket, request.slot);
    } catch (error) {
      socket.close();
      throw error;
    }
    const patience = from.walSenderTimeoutMs > 0 ? from.walSenderTimeoutMs / 3 : Number.POSITIVE_INFINITY;
    return new _StreamLink(socket, status, Math.min(request.statusIntervalMs, patience), request.linkTimeoutMs);
  }
  /** Why there will be no more. What has come before can still be decoded. */
  get failure() {
    return this.#dead ?? this.#socket.failure;
  }
  /** Resolves when it is worth decoding again. */
  news() {
    return this.#socket.news();
  }
  nudge() {
    this.#socket.nudge();
  }
  /**
   * Decodes what has come, until the events take `maxBytes` or a relation waits for the catalogue.
   *
   * @throws ComponentError `CDC_PROTOCOL`, `CDC_MESSAGE_TOO_LARGE`, or what the server's error means
   */
  decode(decoder, maxBytes) {
    const { slab } = this.#socket;
    for (let end = slab.messageEnd(); end !== -1; end = slab.messageEnd()) {
      const { buffer, head } = slab;
      if (u8(buffer, head) === COPY_DATA && u8(buffer, head + 5) === XLOG_DATA) {
        if (decoder.count > 0 && decoder.bytes + end - head + EVENT_OVERHEAD > maxBytes) break;
        decoder.decode(buffer, head + 30, end);
        slab.head = end;
        if (decoder.pendingRelation) break;
      } else {
        slab.head = end;
        this.#control(decoder, head);
      }
    }
    this.#socket.proceedIfLow();
  }
  /** Says how far it came, and ends. */
  close() {
    clearInterval(this.#timer);
    this.#socket.close(Buffer.concat([this.#status.message(false), COPY_DONE2]));
  }
  #control(decoder, head) {
    const { buffer } = this.#socket.slab;
    switch (u8(buffer, head)) {
      case COPY_DATA:
        this.#keepalive(decoder, u64(buffer, head + 6), u8(buffer, head + 22) === 1);
        return;
      case ERROR_RESPONSE:
        throw mapServerError(readErrorResponse(buffer, head), 'stream');
      case COPY_DONE:
        this.#dead = new ComponentError('CDC_CONNECTION_LOST', 'the server ended the stream');
        return;
      default:
        return;
    }
  }
  #keepalive(decoder, walEnd, replyWanted) {
    this.#status.received = Math.max(this.#status.received, walEnd);
    if (!decoder.inTransaction) decoder.progress.idle(walEnd);
    if (replyWanted) this.#socket.write(this.#status.message(false));
  }
  #tick() {
    const silent = performance.now() - this.#socket.lastByteAt;
    const liveness = livenessOf(silent, this.#linkTimeoutMs, this.#socket.paused);
    if (liveness === 'dead' && !this.#dead) {
      this.#dead = new ComponentError('CDC_CONNECTION_LOST', 'the server fell silent', {
        details: { silentMs: Math.round(silent) },
      });
    }
    this.#socket.write(this.#status.message(liveness === 'ask'));
    this.#socket.nudge();
  }
};
function startCommand(request, lsn, serverVersion) {
  const messages = serverVersion >= 14e4 ? `, messages 'true'` : '';
  const publications = quoteText(quoteName(request.publication));
  const options = `proto_version '1', publication_names ${publications}${messages}`;
  return `START_REPLICATION SLOT ${quoteName(request.slot)} LOGICAL ${formatLsn(lsn)} (${options})`;
}
async function started(socket, slot2) {
  const { slab } = socket;
  for (;;) {
    for (let end = slab.messageEnd(); end !== -1; end = slab.messageEnd()) {
      const { buffer, head } = slab;
      slab.head = end;
      if (u8(buffer, head) === COPY_BOTH_RESPONSE) return;
      if (u8(buffer, head) === ERROR_RESPONSE) {
        throw mapServerError(readErrorResponse(buffer, head), 'stream', { slot: slot2 });
      }
    }
    if (socket.failure) throw socket.failure;
    await socket.news();
  }
}

// packages/cdc/src/replication/stream-lane.ts
var StreamLane = class {
  lane;
  generation = 1n;
  after;
  confirmed;
  revoked = new Promise(() => {});
  #options;
  #closing = new AbortController();
  #status;
  #progress;
  #link;
  #awaited = 0;
  constructor(options) {
    this.lane = options.lane;
    this.after = options.after;
    this.#options = options;
    if (options.confirmed) this.confirmed = options.confirmed;
  }
  // An optional property may be missing, and a getter may not: the interface knows no other undefined.
  get start() {
    return this.#options.start();
  }
  async *frames() {
    try {
      yield* this.#frames();
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    } finally {
      this.#link?.close();
    }
  }
  /** Takes note; the server is told within the status interval. */
  confirm(upTo) {
    if (this.#status) this.#status.flushed = Math.max(this.#status.flushed, lsnOf(upTo));
    return Promise.resolve();
  }
  /** Asks for the position to be told as soon as `lsn` is reached, rather than within a second. */
  await(lsn) {
    this.#awaited = lsn;
    this.#progress?.await(lsn);
    this.#link?.nudge();
  }
  /** Ends `frames`. */
  close() {
    this.#closing.abort();
    this.#link?.close();
  }
  async *#frames() {
    const { position, link } = await this.#options.begin();
    const resume = lsnOf(position);
    this.#status = new StandbyStatus(this.#options.confirmed ? lsnOf(this.#options.confirmed) : resume);
    this.#progress = new Progress(resume, position.within);
    this.#progress.await(this.#awaited);
    const decoder = new ChangeDecoder(this.#options, this.#progress);
    for (let given2 = link; ; given2 = void 0) {
      this.#link = await this.#connect(given2, this.#progress, this.#status);
      if (!this.#link) return;
      yield* this.#read(this.#link, decoder, this.#progress);
      if (this.#closing.signal.aborted) return;
      decoder.restart();
    }
  }
  /** Ends when the link is lost or closed. */
  async *#read(link, decoder, progress) {
    for (;;) {
      if (this.#closing.signal.aborted) return;
      const failure = this.#decode(link, decoder);
      if (decoder.pendingRelation && !failure && (await this.#describeRelation(decoder))) continue;
      const frame = decoder.take() ?? (decoder.inTransaction ? void 0 : progress.due(performance.now()));
      if (frame) yield frame;
      else if (failure && !isTransient(failure)) throw failure;
      else if (failure || decoder.pendingRelation) break;
      else await link.news();
    }
    link.close();
    if (this.#options.temporary && !this.#closing.signal.aborted) {
      throw new ComponentError('CDC_CONNECTION_LOST', 'the connection is gone, and with it the temporary slot');
    }
  }
  /** Returns why there will be no more, once all that came is decoded. */
  #decode(link, decoder) {
    if (decoder.pendingRelation) return link.failure;
    try {
      const failure = link.failure;
      link.decode(decoder, this.#options.maxBatchBytes);
      return decoder.count > 0 ? void 0 : failure;
    } catch (error) {
      return mapError(error, 'stream');
    }
  }
  /** False when the catalogue cannot be reached. */
  async #describeRelation(decoder) {
    const relation = decoder.pendingRelation;
    if (!relation) return true;
    try {
      const key = await withConnection(this.#options.connection, (client) => primaryKey(client, relation.oid));
      decoder.addRelation(relation, key);
      return true;
    } catch (error) {
      const failure = mapError(error, 'query');
      if (isTransient(failure)) return false;
      throw failure;
    }
  }
  async #connect(first, progress, status) {
    const { reconnect, request, connection } = this.#options;
    const since = performance.now();
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      const given2 = attempt === 0 ? first : void 0;
      try {
        const client = given2 ?? (await connectReplication(connection));
        this.#check(client);
        const link = await StreamLink.start(client, request, progress.resume, status);
        if (!this.#closing.signal.aborted) return link;
        link.close();
      } catch (error) {
        const failure = mapError(error, 'stream');
        const tired = performance.now() - since > reconnect.giveUpAfterMs;
        const lostWithIt = this.#options.temporary;
        if (tired || lostWithIt || !isTransient(failure)) throw failure;
        await pause2(backoffMs2(attempt, reconnect), this.#closing.signal);
      }
    }
    return void 0;
  }
  #check(client) {
    if (this.#options.sameHistory(client)) return;
    disconnect(client.client);
    throw new ComponentError('CDC_CLUSTER_CHANGED', 'the server is another one, or was promoted', {
      details: { systemId: client.identity.systemId, timeline: client.identity.timeline },
    });
  }
};
function lsnOf(position) {
  return Number.parseInt(position.resume, 16);
}
function streamPosition(lsn) {
  return { resume: paddedPosition(lsn), within: 0 };
}

// packages/cdc/src/slot/patient-creation.ts
var SILENCE_MS = 1e3;
async function createSlotPatiently(client, connection, name, options) {
  const timer = setTimeout(() => {
    withConnection(connection, openTransactions).then(
      (pids) =>
        options.notice(
          `creating slot ${name} waits for ${pids.length} open transactions to end (pids ${pids.join(', ')})`,
        ),
      () => options.notice(`creating slot ${name} waits for open transactions to end`),
    );
  }, SILENCE_MS);
  try {
    return await createSlot(client, name, options);
  } finally {
    clearTimeout(timer);
  }
}

// packages/cdc/src/snapshot/export-snapshot.ts
async function exportSnapshot(connection) {
  const client = await connect2(connection, false);
  try {
    await query(client, 'snapshot', 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const [row] = await query(client, 'snapshot', `SELECT ${CURRENT_LSN}::text AS lsn, pg_export_snapshot() AS name`);
    return {
      name: row?.['name'] ?? '',
      lsn: parseLsn(row?.['lsn'] ?? '0/0'),
      release: () => disconnect(client),
    };
  } catch (error) {
    disconnect(client);
    throw error;
  }
}
var CURRENT_LSN = 'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END';

// packages/cdc/src/change/snapshot-origin.ts
var NO_HEADERS3 = Object.freeze({});
var SnapshotOrigin = class {
  source;
  #table;
  #keyColumns;
  #takenAt;
  #time;
  #version;
  constructor(history, table, keyColumns2, taken) {
    this.source = history.source;
    this.#table = table;
    this.#keyColumns = keyColumns2;
    this.#takenAt = taken.lsn;
    this.#time = taken.time;
    this.#version = { epoch: history.epoch, value: BigInt(taken.streamStart) << 32n };
  }
  type() {
    return `${this.#table}.read`;
  }
  id(ordinal, record) {
    const row = this.key(ordinal, record) ?? String(ordinal);
    return `${this.#takenAt.toString(16).toUpperCase()}-${this.#table}-${row}`;
  }
  key(_ordinal, record) {
    return keyOfRow(record.after, this.#keyColumns);
  }
  time() {
    return this.#time;
  }
  version() {
    return this.#version;
  }
  headers() {
    return NO_HEADERS3;
  }
};

// packages/cdc/src/snapshot/copy-row.ts
var TAB = 9;
var NEWLINE = 10;
var BACKSLASH2 = 92;
var NULL_MARK = 78;
function copyRowReader(columns2) {
  const names = columns2.map((column) => column.name);
  const readers = columns2.map((column) => valueReader(column.typeOid));
  return (buffer, start, end) => {
    const row = {};
    let at = start;
    for (let i = 0; i < readers.length; i++) {
      let escaped = false;
      let stop = at;
      for (; stop < end; stop++) {
        const byte = buffer[stop];
        if (byte === TAB || byte === NEWLINE) break;
        if (byte === BACKSLASH2) escaped = true;
      }
      setColumn(row, names[i], readValue(buffer, at, stop, escaped, readers[i]));
      at = stop + 1;
    }
    return row;
  };
}
function readValue(buffer, start, end, escaped, read2) {
  if (!escaped) return read2(buffer, start, end);
  if (end - start === 2 && buffer[start + 1] === NULL_MARK) return null;
  return read2(buffer, start, undoEscapes(buffer, start, end));
}
function undoEscapes(buffer, start, end) {
  let to = start;
  for (let at = start; at < end; at++) {
    let byte = u8(buffer, at);
    if (byte === BACKSLASH2) byte = ESCAPES[u8(buffer, ++at)];
    buffer[to++] = byte;
  }
  return to;
}
var ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 })) {
  ESCAPES[letter.charCodeAt(0)] = byte;
}

// packages/cdc/src/snapshot/read-table.ts
async function* readTable2(from) {
  const client = await connect2(from.connection, false);
  let socket;
  const stop = () => socket?.close();
  from.signal.addEventListener('abort', stop);
  try {
    await query(client, 'snapshot', 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await query(client, 'snapshot', `SET TRANSACTION SNAPSHOT ${quoteText(from.snapshot)}`);
    socket = new RawSocket(client, from.wire);
    socket.query(copyCommand(from.table));
    yield* frames(socket, from);
  } finally {
    from.signal.removeEventListener('abort', stop);
    if (socket) socket.close(new Uint8Array());
    else disconnect(client);
  }
}
function copyCommand(table) {
  const columns2 = table.columns.map((column) => quoteName(column.name)).join(', ');
  const filter = table.rowFilter === null ? '' : ` WHERE ${table.rowFilter}`;
  return `COPY (SELECT ${columns2} FROM ${table.partitioned ? '' : 'ONLY '}${quoteTable(table)}${filter}) TO STDOUT`;
}
async function* frames(socket, from) {
  const rows = new RowBatches(socket, from);
  for (;;) {
    const batch2 = rows.take();
    if (batch2) yield batch2;
    else if (rows.done) return;
    else if (socket.failure) throw socket.failure;
    else await socket.news();
  }
}
var RowBatches = class {
  done = false;
  #within = 0;
  #ordinal = 0;
  #socket;
  #resume;
  #name;
  #origin;
  #readRow;
  #maxBatchBytes;
  constructor(socket, { table, history, place, maxBatchBytes }) {
    this.#socket = socket;
    this.#resume = paddedPosition(place.lsn);
    this.#name = `${table.schema}.${table.name}`;
    this.#origin = new SnapshotOrigin(history, this.#name, table.keyColumns, place);
    this.#readRow = copyRowReader(table.columns);
    this.#maxBatchBytes = maxBatchBytes;
  }
  /** What has come, as one frame; `undefined` when nothing has. */
  take() {
    const { slab } = this.#socket;
    const events = [];
    let bytes = 0;
    for (let end = slab.messageEnd(); end !== -1; end = slab.messageEnd()) {
      const size = end - slab.head + EVENT_OVERHEAD;
      if (events.length > 0 && bytes + size > this.#maxBatchBytes) break;
      const event = this.#message(end);
      slab.head = end;
      if (event === void 0) continue;
      events.push(event);
      bytes += size;
    }
    if (events.length === 0) return void 0;
    this.#within += events.length;
    return { kind: 'batch', events, bytes, position: { resume: this.#resume, within: this.#within } };
  }
  #message(end) {
    const { buffer, head } = this.#socket.slab;
    switch (u8(buffer, head)) {
      case COPY_DATA: {
        const after = this.#readRow(buffer, head + 5, end);
        const change = { op: 'read', table: this.#name, before: null, after };
        return new Envelope(change, this.#origin, this.#ordinal++);
      }
      case ERROR_RESPONSE:
        throw mapServerError(readErrorResponse(buffer, head), 'snapshot', { table: this.#name });
      case READY_FOR_QUERY:
        this.done = true;
        return void 0;
      default:
        return void 0;
    }
  }
};

// packages/cdc/src/snapshot/snapshot-lane.ts
var SnapshotLane = class {
  lane;
  generation = 1n;
  revoked = new Promise(() => {});
  #table;
  #shared;
  constructor(table, shared) {
    this.lane = snapshotLane(table);
    this.#table = table;
    this.#shared = shared;
  }
  async *frames() {
    const { turns, ending } = this.#shared;
    const turn = await turns.take();
    try {
      if (!ending.aborted) yield* readTable2(await this.#shared.open(this.#table));
    } catch (error) {
      if (!ending.aborted) throw error;
    } finally {
      turn();
    }
  }
  confirm(_upTo) {
    return Promise.resolve();
  }
};
function snapshotLane(table) {
  return `snapshot:${table.schema}.${table.name}`;
}

// packages/cdc/src/snapshot/turns.ts
var Turns = class {
  #free;
  #waiting = [];
  constructor(atOnce) {
    this.#free = atOnce;
  }
  /** Resolves when it is one's turn, with the function that ends it; that may be called more than once. */
  async take() {
    if (this.#free > 0) this.#free--;
    else await new Promise((resolve) => this.#waiting.push(resolve));
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
};

// packages/cdc/src/source/session.ts
var PostgresSession = class {
  identity;
  #opened;
  #history;
  #ending = new AbortController();
  #stream;
  #beginning;
  #begun;
  #replication;
  constructor(opened) {
    const { settings, replication, context } = opened;
    const { systemId, timeline, database } = replication.identity;
    this.identity = `postgres:${systemId}:${timeline}:${settings.slot}`;
    this.#opened = opened;
    this.#replication = replication;
    this.#history = {
      source: `postgres:///${encodeURIComponent(database)}/${settings.slot}`,
      epoch: `${systemId}/${timeline}`,
    };
    this.#stream = this.#streamLane();
    context.signal.addEventListener('abort', () => this.#end(), { once: true, signal: this.#ending.signal });
    if (context.signal.aborted) this.#end();
  }
  async *lanes() {
    const { plan: plan2, tables } = this.#opened;
    const shared = this.#snapshotLanes();
    if (plan2.snapshot) for (const table of tables) yield new SnapshotLane(table, shared);
    yield this.#stream;
  }
  async head() {
    const lsn = await withConnection(this.#opened.settings.connection, async (client) => {
      const [row] = await query(client, 'query', `SELECT ${CURRENT_LSN}::text AS lsn`);
      return parseLsn(row?.['lsn'] ?? '0/0');
    });
    this.#stream.await(lsn);
    return /* @__PURE__ */ new Map([[this.#stream.lane, streamPosition(lsn)]]);
  }
  [Symbol.asyncDispose]() {
    this.#end();
    return Promise.resolve();
  }
  #end() {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#stream.close();
    this.#begun?.release();
    if (this.#replication) disconnect(this.#replication.client);
    this.#replication = void 0;
  }
  #snapshotLanes() {
    const { settings, context } = this.#opened;
    return {
      turns: new Turns(settings.snapshotConnections),
      ending: this.#ending.signal,
      open: async (table) => {
        const { snapshot } = await this.#begin();
        return {
          connection: settings.connection,
          wire: { ...settings.wire, coalesceMs: 0 },
          history: this.#history,
          table,
          snapshot: snapshot?.name ?? '',
          place: snapshot?.place ?? { lsn: 0, streamStart: 0, time: /* @__PURE__ */ new Date(0) },
          maxBatchBytes: context.maxBatchBytes,
          signal: this.#ending.signal,
        };
      },
    };
  }
  #streamLane() {
    const { settings, plan: plan2, tables, slotConfirmed, context, replication } = this.#opened;
    const { slot: slot2, publication, wire, statusIntervalMs, linkTimeoutMs } = settings;
    return new StreamLane({
      ...settings,
      lane: streamLane(slot2),
      after: plan2.snapshot ? tables.map(snapshotLane) : [],
      request: { slot: slot2, publication, wire, statusIntervalMs, linkTimeoutMs },
      history: this.#history,
      maxBatchBytes: context.maxBatchBytes,
      confirmed: slotConfirmed === void 0 ? void 0 : streamPosition(slotConfirmed),
      start: () => (plan2.kind === 'existing' ? plan2.position : this.#begun?.position),
      begin: async () => {
        const { position, release } = await this.#begin();
        release();
        const link = this.#replication;
        this.#replication = void 0;
        return { position, link };
      },
      sameHistory: ({ identity }) =>
        identity.systemId === replication.identity.systemId && identity.timeline === replication.identity.timeline,
    });
  }
  #begin() {
    this.#beginning ??= this.#opened.plan.kind === 'create' ? this.#create() : this.#adopt(this.#opened.plan);
    return this.#beginning;
  }
  async #create() {
    const { settings, plan: plan2, context, replication } = this.#opened;
    const slot2 = await createSlotPatiently(replication.client, settings.connection, settings.slot, {
      temporary: settings.temporary,
      snapshot: plan2.snapshot,
      serverVersion: replication.serverVersion,
      notice: context.notice,
    });
    const at = slot2.consistentPoint;
    return this.#note({ position: streamPosition(at), release: () => {}, ...this.#snapshot(slot2.snapshot, at, at) });
  }
  async #adopt({ position, snapshot }) {
    if (!snapshot) return this.#note({ position, release: () => {} });
    const exported = await exportSnapshot(this.#opened.settings.connection);
    const streamStart = Number.parseInt(position.resume, 16);
    const { name, lsn, release } = exported;
    return this.#note({ position, release, ...this.#snapshot(name, lsn, streamStart) });
  }
  #snapshot(name, lsn, streamStart) {
    return name === null ? {} : { snapshot: { name, place: { lsn, streamStart, time: /* @__PURE__ */ new Date() } } };
  }
  #note(beginning) {
    this.#begun = beginning;
    if (this.#ending.signal.aborted) beginning.release();
    return beginning;
  }
};
function streamLane(slot2) {
  return `slot:${slot2}`;
}

// packages/cdc/src/source/start-plan.ts
function planStart(facts) {
  const { checkpoints: checkpoints2, streamLane: streamLane2, slotConfirmed, mayCreate, wantsSnapshot } = facts;
  if (facts.temporary) return { kind: 'create', snapshot: wantsSnapshot };
  const checkpoint = checkpoints2.get(streamLane2);
  if (checkpoint) {
    if (slotConfirmed === void 0) throw slotMissing(facts.slotName);
    return { kind: 'existing', position: checkpoint.position, snapshot: false };
  }
  if (slotConfirmed === void 0) {
    if (!mayCreate) throw slotMissing(facts.slotName);
    return { kind: 'create', snapshot: wantsSnapshot };
  }
  if (checkpoint === void 0 && mayCreate) throw checkpointMissing(facts.slotName);
  return { kind: 'existing', position: streamPosition(slotConfirmed), snapshot: wantsSnapshot };
}
function slotMissing(slot2) {
  return new ComponentError('CDC_SLOT_MISSING', `there is no slot ${slot2}`, { details: { slot: slot2 } });
}
function checkpointMissing(slot2) {
  return new ComponentError('CDC_CHECKPOINT_MISSING', `slot ${slot2} exists, and there are no checkpoints for it`, {
    details: { slot: slot2 },
  });
}

// packages/cdc/src/source/postgres-changes.ts
function postgresChanges(options) {
  const settings = parseOptions(options);
  const source2 = {
    name: settings.name,
    features: { ack: 'cumulative', replayable: true },
    open: (context) => open(settings, context),
  };
  return source2;
}
async function open(settings, context) {
  const replication = await connectReplication(settings.connection);
  try {
    return await openWith(replication, settings, context);
  } catch (error) {
    disconnect(replication.client);
    throw error;
  }
}
async function openWith(replication, settings, context) {
  const { publication, slot: slot2, serverVersion } = { ...settings, ...replication };
  return withConnection(settings.connection, async (client) => {
    await ensurePublication(client, publication, settings.tables, settings.createPublication, serverVersion);
    const tables = await publishedTables(client, publication, serverVersion);
    const state = settings.temporary ? void 0 : await findSlot(client, slot2);
    const plan2 = planStart({
      checkpoints: context.checkpoints,
      streamLane: streamLane(slot2),
      slotName: slot2,
      slotConfirmed: state?.confirmed,
      mayCreate: settings.createSlot,
      temporary: settings.temporary,
      wantsSnapshot: settings.snapshot,
    });
    return new PostgresSession({
      settings,
      context,
      plan: plan2,
      tables,
      replication,
      slotConfirmed: state?.confirmed,
    });
  });
}

// packages/cdc/test/crash/copy-process.ts
var [source = '', target = '', slot = '', batch = '65536'] = process.argv.slice(2);
var copy = pipeline('crash', {
  maxBatchBytes: Number(batch),
  notice: ({ message }) =>
    process.stderr.write(`${message}
`),
})
  .from(postgresChanges({ connection: source, tables: ['public.items'], slot }))
  .pipe(expandEvents(rowEvents()))
  .to(tableSink({ connection: target, table: 'public.items', key: ['id'] }), {
    retry: { initialMs: 10, maxMs: 200 },
  });
process.on('SIGTERM', () => void copy.drain());
await copy.run();
