import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  ComponentError,
  refuseForeignCheckpoints,
  type Sink,
  type Source,
  type SubscribeOptions,
  type Transport,
} from '@sluice/contracts';
import { postgresLease } from '../lease/postgres-lease.js';
import { GroupMember } from './group-members.js';
import { GroupSession } from './group-session.js';
import { LogDatabase } from './log-database.js';
import { logSettings, type PostgresLogOptions } from './log-options.js';
import { type LogParts, logPublisher } from './log-publisher.js';
import { type LogSinkOptions, logSink } from './log-sink.js';
import type { Partition } from './page.js';
import { checkLogName } from './topic-name.js';
import { Topics } from './topics.js';
import { Trimmer, type TrimReport } from './trimmer.js';
import { WakeUps } from './wake-ups.js';

/** A transport over tables of Postgres. */
export interface PostgresLog extends Transport {
  /**
   * A sink that appends, with the checkpoints of its pipeline in the same transaction: a pipeline into the log is
   * effectively once.
   *
   * @throws ComponentError `OPTIONS_INVALID`; writing rejects with `CHECKPOINT_FENCED`, `STORE_PG_*`
   */
  sink<T = Uint8Array>(options: LogSinkOptions<T>): Sink<T>;
  /** Removes what retention does not keep, now. Whoever publishes does so once in a while. */
  trim(): Promise<TrimReport>;
}

/**
 * Topics in Postgres: append-only, shared out by groups, woken and not polled.
 *
 * - **Order.** An event's offset is taken while the row of its partition is locked, until the commit: offsets have no
 *   gaps, and a reader never sees a later one before an earlier one. Events of one key share a partition (the hash of
 *   Kafka).
 * - **Groups.** Each partition is read by one member at a time, by a lease; a member that is late is fenced off by its
 *   lease and by the fence of its checkpoints. A group without a checkpoint begins with the oldest event that is left.
 *   Where a group stands is known to its pipeline's checkpoints alone.
 * - **Retention** by age and size, whether or not everybody has read: see {@link LogRetention}. A reader whose place was cut gets
 *   `STORE_PG_LOG_TRIMMED`, also when it had not begun before.
 * - **Wake-up** by a notification in the transaction of the append, on one connection of the process; lost ones are made up for
 *   every `pollMs`.
 *
 * A process holds connections only while it publishes or reads: up to `maxConnections`, and one that listens. The
 * tables are made at first use.
 *
 * @throws ComponentError `OPTIONS_INVALID`, `STORE_PG_LOG_NAME_INVALID`; its methods reject with `STORE_PG_*`.
 */
export function postgresLog(options: PostgresLogOptions): PostgresLog {
  const settings = logSettings(options);
  const database = new LogDatabase(settings);
  const topics = new Topics(database, settings.partitionsOf);
  const trimmer = new Trimmer(database, settings.retention);
  const wakeUps = new WakeUps(database, settings.pollMs);
  const { maxEventBytes, limits } = settings;
  const parts: LogParts = { database, topics, trimmer, maxEventBytes, statementTimeoutMs: limits.statementTimeoutMs };

  function subscribe(given: SubscribeOptions): Source<Uint8Array> {
    const names = checkTopics(given.topics);
    const group = checkLogName('group', given.group);
    return {
      name: `${settings.name}:${group}`,
      features: { ack: 'cumulative', replayable: true, shared: true },
      async open(ctx) {
        const use = await database.enter();
        try {
          refuseForeignCheckpoints(ctx.checkpoints, use.identity);
          const partitions: Partition[] = [];
          for (const name of names) {
            const topic = await topics.of(use.pool, name);
            for (let partition = 0; partition < topic.partitions; partition++) partitions.push({ topic, partition });
          }
          const { memberTtlMs, graceMs, pageEvents, schema } = settings;
          const lease = postgresLease({ connection: use.pool, schema });
          const owner = `${hostname()}/${process.pid}/${randomUUID()}`;
          return new GroupSession({
            database,
            use,
            member: new GroupMember(lease, group, names, owner, memberTtlMs),
            group,
            partitions,
            ctx,
            pageEvents,
            memberTtlMs,
            graceMs,
            join: (sleeper) => wakeUps.join(use.pool, sleeper),
          });
        } catch (error) {
          await use.leave();
          throw error;
        }
      },
    };
  }

  return {
    name: settings.name,
    features: { ack: 'cumulative', orderedByKey: true, durable: true, groups: true },
    publisher: (ctx) => logPublisher(parts, ctx),
    subscribe,
    sink: <T>(sinkOptions: LogSinkOptions<T>) => logSink(parts, settings.name, sinkOptions),
    async trim() {
      const use = await database.enter();
      try {
        return await trimmer.trim(use.pool);
      } finally {
        await use.leave();
      }
    },
  };
}

function checkTopics(topics: readonly string[]): readonly string[] {
  if (!Array.isArray(topics) || topics.length === 0 || new Set(topics).size < topics.length) {
    throw new ComponentError('OPTIONS_INVALID', 'topics: give different names, one at least');
  }
  return topics.map((topic) => checkLogName('topic', topic));
}
