import {
  BatchError,
  ComponentError,
  carryTrace,
  type Envelope,
  isComponentError,
  refuseUnknownOptions,
  type Sink,
  type WriteContext,
} from '@sluice/contracts';
import { checkpointsOn } from '../checkpoints/postgres-checkpoints.js';
import { saveCheckpoints } from '../checkpoints/save-statement.js';
import { inTransaction } from '../connection/connection.js';
import { checkCount } from '../connection/store-connection.js';
import { append, type Placed, placeOf } from './append.js';
import { recordOf } from './event-record.js';
import type { LogUse } from './log-database.js';
import type { LogParts } from './log-publisher.js';
import { checkLogName } from './topic-name.js';
import type { Topic } from './topics.js';

/** What a sink appends, and where. */
export interface LogSinkOptions<T> {
  /** The topic of every event, or what says it. */
  readonly topic: string | ((event: Envelope<T>) => string);
  /** The bytes of an event's data; a deletion stays one. Default: bytes as they are, anything else as JSON. */
  readonly encode?: (data: T, event: Envelope<T>) => Uint8Array;
  /** Names the sink in checkpoints. Default: that of the log. */
  readonly name?: string;
  /** The most events in one transaction. Default: 5,000. */
  readonly maxEvents?: number;
}

/** An atomic sink over the log: events and checkpoints in one transaction. */
export function logSink<T>(parts: LogParts, log: string, options: LogSinkOptions<T>): Sink<T> {
  refuseUnknownOptions('log.sink', options, ['topic', 'encode', 'name', 'maxEvents']);
  const { topic, encode = jsonBytes, name = log } = options;
  const maxEvents = checkCount('maxEvents', options.maxEvents ?? 5_000);
  if (typeof topic === 'string') checkLogName('topic', topic);
  else if (typeof topic !== 'function') throw new ComponentError('OPTIONS_INVALID', 'topic: give a name or a function');
  if (typeof encode !== 'function') throw new ComponentError('OPTIONS_INVALID', 'encode: give a function');
  const topicOf = typeof topic === 'string' ? () => topic : topic;
  return {
    name,
    features: { delivery: 'atomic', maxEvents },
    async open({ notice }) {
      const use = await parts.database.enter();
      const writer = new LogWriter(parts, use, { topicOf, encode, notice });
      return {
        checkpoints: checkpointsOn(use.pool, parts.database.schema, async () => undefined),
        write: (events, ctx) => writer.write(events, ctx),
        async [Symbol.asyncDispose]() {
          await parts.trimmer.idle();
          await use.leave();
        },
      };
    },
  };
}

interface WriterParts<T> {
  readonly topicOf: (event: Envelope<T>) => string;
  readonly encode: (data: T, event: Envelope<T>) => Uint8Array;
  readonly notice: (message: string) => void;
}

class LogWriter<T> {
  constructor(
    private readonly log: LogParts,
    private readonly use: LogUse,
    private readonly parts: WriterParts<T>,
  ) {}

  async write(events: readonly Envelope<T>[], ctx: WriteContext): Promise<void> {
    ctx.signal.throwIfAborted();
    const { database, topics, trimmer } = this.log;
    const placed = await this.#place(carryTrace(events, ctx.trace));
    try {
      const work = async (client: Parameters<typeof append>[0]) => {
        await append(client, database, placed);
        if ((await saveCheckpoints(client, database.schema, ctx.checkpoints)) === 'fenced') throw fenced(ctx);
      };
      await inTransaction(this.use.pool, 'appending to the log', work, ctx.signal);
    } catch (error) {
      topics.forget();
      throw error;
    }
    trimmer.look(this.parts.notice);
  }

  /** Those that can't be appended are named; a topic that can't be made fails the write. */
  async #place(events: readonly Envelope<T>[]): Promise<Placed[]> {
    const { topics, maxEventBytes } = this.log;
    const failures = new Map<number, ComponentError>();
    const places = new Map<string, ReturnType<typeof placeOf>>();
    const placed: Placed[] = [];
    for (const [index, event] of events.entries()) {
      try {
        const name = checkLogName('topic', this.parts.topicOf(event));
        let place = places.get(name);
        if (place === undefined) {
          const topic: Topic = await topics.of(this.use.pool, name);
          place = placeOf(topic);
          places.set(name, place);
        }
        placed.push(place(event.key, recordOf(this.#encoded(event), maxEventBytes)));
      } catch (error) {
        if (!isComponentError(error)) throw error;
        if (!OF_THE_EVENT.has(error.code)) throw error;
        failures.set(index, error);
      }
    }
    if (failures.size > 0) throw new BatchError(failures);
    return placed;
  }

  #encoded(event: Envelope<T>): Envelope<Uint8Array> {
    const { data } = event;
    if (data === null) return event.with<Uint8Array>(null);
    try {
      return event.with(this.parts.encode(data, event));
    } catch (error) {
      if (isComponentError(error)) throw error;
      // What the encoder says may quote the event.
      throw new ComponentError('EVENT_NOT_STORABLE', 'the data of an event could not be encoded');
    }
  }
}

const OF_THE_EVENT = new Set(['STORE_PG_LOG_EVENT_TOO_LARGE', 'STORE_PG_LOG_NAME_INVALID', 'EVENT_NOT_STORABLE']);

function jsonBytes(data: unknown): Uint8Array {
  return data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data) ?? 'null');
}

function fenced({ checkpoints }: WriteContext): ComponentError {
  const lanes = checkpoints.map(({ lane }) => lane);
  return new ComponentError('CHECKPOINT_FENCED', `another instance has taken over ${lanes.join(', ')}`, {
    details: { lanes },
  });
}
