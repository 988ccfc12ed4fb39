import { type ComponentContext, ComponentError, carryTrace, type Publisher } from '@sluice/contracts';
import { inTransaction } from '../connection/connection.js';
import { append, type Begun, type Placed, placeOf, portions } from './append.js';
import { recordOf } from './event-record.js';
import { type LogDatabase, type LogUse, rowsOf } from './log-database.js';
import type { Topics } from './topics.js';
import type { Trimmer } from './trimmer.js';

/** What publishers and sinks of a log are made of. */
export interface LogParts {
  readonly database: LogDatabase;
  readonly topics: Topics;
  readonly trimmer: Trimmer;
  readonly maxEventBytes: number;
}

interface Waiting {
  readonly events: readonly Placed[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Publishes to the log. Calls that come while an append is under way go into the next one together, in their order: so
 * many callers cost one commit. A call is all or nothing. One that rejects has published nothing, unless the server
 * could not be asked any more.
 */
export async function logPublisher(parts: LogParts, ctx: ComponentContext): Promise<Publisher> {
  const use = await parts.database.enter();
  const queue = new AppendQueue(parts, use, ctx);
  let closing: Promise<void> | undefined;
  return {
    async publish(name, events, context) {
      if (closing) throw new ComponentError('STORE_PG_LOG_CLOSED', 'the publisher was closed');
      const topic = await parts.topics.of(use.pool, name);
      const place = placeOf(topic);
      const traced = carryTrace(events, context?.trace);
      const placed = traced.map((event) => place(event.key, recordOf(event, parts.maxEventBytes)));
      if (closing) throw new ComponentError('STORE_PG_LOG_CLOSED', 'the publisher was closed');
      if (placed.length > 0) await queue.append(placed);
    },
    [Symbol.asyncDispose]() {
      closing ??= queue.idle().then(() => use.leave());
      return closing;
    },
  };
}

class AppendQueue {
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly parts: LogParts,
    private readonly use: LogUse,
    private readonly ctx: ComponentContext,
  ) {}

  append(events: readonly Placed[]): Promise<void> {
    const appended = new Promise<void>((done, failed) => this.#waiting.push({ events, done, failed }));
    this.#running ??= this.#run();
    return appended;
  }

  async idle(): Promise<void> {
    await this.#running;
    await this.parts.trimmer.idle();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const gathered = this.#gather();
      try {
        await this.#write(gathered.flatMap(({ events }) => events));
        for (const { done } of gathered) done();
      } catch (error) {
        for (const { failed } of gathered) failed(error);
      }
    }
    this.#running = undefined;
  }

  /** As many as fit one statement, one at least. */
  #gather(): Waiting[] {
    const gathered: Waiting[] = [];
    const events: Placed[] = [];
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      events.push(...next.events);
      if (gathered.length > 0 && portions(events).length > 1) break;
      gathered.push(next);
      this.#waiting.shift();
    }
    return gathered;
  }

  async #write(events: readonly Placed[]): Promise<void> {
    const { database, topics, trimmer } = this.parts;
    const { pool } = this.use;
    let begun: readonly Begun[] = [];
    try {
      const work = async (client: Parameters<typeof append>[0]) => {
        begun = await append(client, database, events);
      };
      await inTransaction(pool, 'appending to the log', work, this.ctx.signal);
    } catch (error) {
      topics.forget();
      // The answer to the commit may have been lost.
      if (begun.length === 0 || !(await isThere(this.use, database, events, begun))) throw error;
    }
    trimmer.look(this.ctx.notice);
  }
}

/** Whether an append whose answer was lost is in the log: its transaction is over, and its places have these events or others. */
async function isThere(
  { pool }: LogUse,
  database: LogDatabase,
  events: readonly Placed[],
  begun: readonly Begun[],
): Promise<boolean> {
  const [first] = begun;
  const own = events.filter(({ topic, partition }) => topic.id === first?.topic && partition === first.partition);
  const sql = `
SELECT FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS given (source, id, nth)
JOIN ${database.table('log_events')} AS stored USING (source, id)
WHERE topic = $1 AND partition = $2 AND log_offset = $3::bigint + nth - 1`;
  const sources = own.map(({ record }) => record.source);
  const ids = own.map(({ record }) => record.id);
  const found = await rowsOf(pool, 'looking for an append whose answer was lost', sql, [
    first?.topic,
    first?.partition,
    first?.base,
    sources,
    ids,
  ]).catch(() => []); // the append is reported as failed: nobody can say more
  return found.length === own.length;
}
