import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import { checkSchema } from '../checkpoints/postgres-checkpoints.js';
import { type Connection, checkConnection } from '../connection/connection.js';
import { checkCount, type StoreOptions } from '../connection/store-connection.js';
import { checkTimeout } from '../connection/time-limits.js';
import { checkLogName } from './topic-name.js';

/** What is kept of a topic, per partition. */
export interface LogRetention {
  /** Events are kept for at least this long after they were appended, in milliseconds. Default: 604,800,000 (7 days). */
  readonly ageMs?: number;
  /**
   * The bytes that a partition keeps, about: above it the oldest events go, however young they are. Default:
   * 10,737,418,240 (10 GiB).
   */
  readonly bytes?: number;
  /** How often a process that appends looks for what is to go, in milliseconds. Default: 60,000. */
  readonly everyMs?: number;
}

/** Where a log is, and within which limits. */
export interface PostgresLogOptions extends StoreOptions {
  /** Names the transport. Default: `log`. */
  readonly name?: string;
  /**
   * How many partitions a topic is made with, for all topics or by their names; it keeps them. Events of one key share
   * a partition, and a partition is read by one member of a group at a time. Default: 1, in which all events of a topic
   * are in order.
   */
  readonly partitions?: number | Readonly<Record<string, number>>;
  readonly retention?: LogRetention;
  /** The most bytes of one event, with its headers. Default: 8 MiB. */
  readonly maxEventBytes?: number;
  /** The most events of a frame. Default: 1,000. */
  readonly pageEvents?: number;
  /** How often it is looked for events of which no notification came, in milliseconds. Default: 5,000. */
  readonly pollMs?: number;
  /** So long after the crash of a member its partitions go to others, in milliseconds. Default: 10,000. */
  readonly memberTtlMs?: number;
  /** How long a partition that is handed over may take to settle what is in flight, in milliseconds. Default: 10,000. */
  readonly graceMs?: number;
  /** How long a statement may take, in milliseconds, where no pool is handed in. Default: 10,000. */
  readonly statementTimeoutMs?: number;
}

/** The options with their defaults. */
export interface LogSettings {
  readonly connection: Connection;
  readonly schema: string;
  readonly name: string;
  /** How many partitions a topic is to have, where that is said. */
  readonly partitionsOf: (topic: string) => number | undefined;
  readonly retention: Required<LogRetention>;
  readonly maxEventBytes: number;
  readonly pageEvents: number;
  readonly pollMs: number;
  readonly memberTtlMs: number;
  readonly graceMs: number;
  readonly limits: { readonly max: number; readonly statementTimeoutMs: number };
}

const KNOWN = [
  'connection',
  'schema',
  'maxConnections',
  'statementTimeoutMs',
  'name',
  'partitions',
  'retention',
  'maxEventBytes',
  'pageEvents',
  'pollMs',
  'memberTtlMs',
  'graceMs',
];
/** Beyond it a statement of one event would not fit the protocol's limit of 1 GiB, for bytes travel as hexadecimal digits. */
const MAX_EVENT_BYTES = 256 * 1024 * 1024;
const MAX_PARTITIONS = 1_024;
const WEEK_MS = 604_800_000;
const DAY_MS = 86_400_000;

/** @throws ComponentError `OPTIONS_INVALID`, `STORE_PG_LOG_NAME_INVALID` */
export function logSettings(options: PostgresLogOptions): LogSettings {
  refuseUnknownOptions('postgresLog', options, KNOWN);
  const { retention = {}, partitions = {}, name = 'log' } = options;
  checkConnection(options.connection);
  refuseUnknownOptions('postgresLog: `retention`', retention, ['ageMs', 'bytes', 'everyMs']);
  if (typeof name !== 'string' || name === '') throw new ComponentError('OPTIONS_INVALID', 'name: give a text');
  return {
    connection: options.connection,
    schema: checkSchema(options.schema),
    name,
    partitionsOf: partitionsOf(partitions),
    retention: {
      ageMs: checkCount('retention.ageMs', retention.ageMs ?? WEEK_MS),
      bytes: checkCount('retention.bytes', retention.bytes ?? 10 * 1024 ** 3),
      everyMs: upTo('retention.everyMs', retention.everyMs ?? 60_000, DAY_MS),
    },
    maxEventBytes: upTo('maxEventBytes', options.maxEventBytes ?? 8 * 1024 * 1024, MAX_EVENT_BYTES),
    pageEvents: upTo('pageEvents', options.pageEvents ?? 1_000, 100_000),
    pollMs: upTo('pollMs', options.pollMs ?? 5_000, DAY_MS),
    memberTtlMs: upTo('memberTtlMs', options.memberTtlMs ?? 10_000, DAY_MS),
    graceMs: upTo('graceMs', options.graceMs ?? 10_000, DAY_MS),
    limits: {
      max: checkCount('maxConnections', options.maxConnections ?? 4),
      statementTimeoutMs: checkTimeout(options.statementTimeoutMs ?? 10_000),
    },
  };
}

function partitionsOf(given: number | Readonly<Record<string, number>>): LogSettings['partitionsOf'] {
  if (typeof given === 'number') {
    const all = upTo('partitions', given, MAX_PARTITIONS);
    return () => all;
  }
  const byName = new Map(Object.entries(given));
  for (const [topic, count] of byName) {
    checkLogName('topic', topic);
    upTo('partitions', count, MAX_PARTITIONS);
  }
  return (topic) => byName.get(topic);
}

function upTo(option: string, count: number, most: number): number {
  if (checkCount(option, count) <= most) return count;
  throw new ComponentError('OPTIONS_INVALID', `${option}: ${most} at most`);
}
