import { type ComponentContext, ComponentError, carryTrace, isComponentError, type Publisher } from '@sluice/contracts';
import { inTransaction } from '../connection/connection.js';
import { append, type Begun, fitsStatement, type Placed, placeOf, portions } from './append.js';
import { recordOf } from './event-record.js';
import { type LogDatabase, type LogUse, rowsOf } from './log-database.js';
import type { Topics } from './topics.js';
import type { Trimmer } from './trimmer.js';
import { within } from './within.js';

/** What publishers and sinks of a log are made of. */
export interface LogParts {
  readonly database: LogDatabase;
  readonly topics: Topics;
  readonly trimmer: Trimmer;
  readonly maxEventBytes: number;
  readonly statementTimeoutMs: number;
}

interface Waiting {
  readonly events: readonly Placed[];
  readonly bytes: number;
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
    const bytes = events.reduce((sum, { record }) => sum + record.bytes, 0);
    const appended = new Promise<void>((done, failed) => this.#waiting.push({ events, bytes, done, failed }));
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
      if ((await this.#append(gathered)) === 'refused') for (const one of gathered) await this.#append([one]);
    }
    this.#running = undefined;
  }

  /** As many as fit one statement, one at least. */
  #gather(): Waiting[] {
    let count = 0;
    let events = 0;
    let bytes = 0;
    for (const next of this.#waiting) {
      events += next.events.length;
      bytes += next.bytes;
      if (count > 0 && !fitsStatement(events, bytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Tells each call what became of it; not when several were `refused` together, for then it may be the fault of one of them. */
  async #append(gathered: readonly Waiting[]): Promise<'refused' | undefined> {
    try {
      await this.#write(gathered.flatMap(({ events }) => events));
    } catch (error) {
      if (gathered.length > 1 && error instanceof Refused) return 'refused';
      for (const { failed } of gathered) failed(error instanceof Refused ? error.cause : error);
      return undefined;
    }
    for (const { done } of gathered) done();
    return undefined;
  }

  async #write(events: readonly Placed[]): Promise<void> {
    const { database, topics, trimmer } = this.parts;
    const { pool } = this.use;
    let begun: readonly Begun[] = [];
    try {
      const work = async (client: Parameters<typeof append>[0]) => {
        begun = await append(client, database, events);
      };
      const limitMs = (DOUBT_STATEMENTS + 2 * portions(events).length) * this.parts.statementTimeoutMs;
      await within(limitMs, this.ctx.signal, (signal) => inTransaction(pool, 'appending to the log', work, signal));
    } catch (error) {
      topics.forget();
      const ofACall = begun.length === 0 && isComponentError(error) && OF_A_CALL.has(error.code);
      if (ofACall) throw new Refused('nothing was appended', { cause: error });
      // The answer to the commit may have been lost.
      if (begun.length === 0 || !(await isThere(this.use, database, events, begun))) throw error;
    }
    trimmer.look(this.ctx.notice);
  }
}

/**
 * For how many times the time of a statement an append is asked after whose answer was lost with a server that is away;
 * whoever published learns then that nobody knows.
 */
const DOUBT_STATEMENTS = 6;

/** What a single call of those that are appended together may be to blame for. */
const OF_A_CALL = new Set(['STORE_PG_LOG_TOPIC_MISSING', 'STORE_PG_DATA_REFUSED']);

/** Nothing was appended, and a call may be to blame for it. */
class Refused extends Error {}

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
