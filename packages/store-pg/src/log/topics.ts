import { ComponentError } from '@sluice/contracts';
import type { Pool } from 'pg';
import { type LogDatabase, rowsOf } from './log-database.js';
import { checkLogName } from './topic-name.js';

/** A topic as it was made. */
export interface Topic {
  readonly id: number;
  readonly name: string;
  readonly partitions: number;
}

/** The topics of a log: made when they are first published to or subscribed to, and never changed after that. */
export class Topics {
  readonly #known = new Map<string, Promise<Topic>>();

  constructor(
    private readonly database: LogDatabase,
    /** How many partitions topics are to have, where that is said. */
    private readonly partitionsOf: (topic: string) => number | undefined,
  ) {}

  /** @throws ComponentError `STORE_PG_LOG_NAME_INVALID`, `STORE_PG_LOG_PARTITIONS`, `STORE_PG_*` */
  of(pool: Pool, name: string): Promise<Topic> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // One question for all who ask at once: they go on in the order in which they came.
    const asked = this.#obtain(pool, name);
    this.#known.set(name, asked);
    asked.catch(() => {
      if (this.#known.get(name) === asked) this.#known.delete(name);
    });
    return asked;
  }

  async #obtain(pool: Pool, name: string): Promise<Topic> {
    const wanted = this.partitionsOf(checkLogName('topic', name));
    const found = (await this.#find(pool, name)) ?? (await this.#make(pool, name, wanted ?? 1));
    if (wanted !== undefined && wanted !== found.partitions) {
      throw new ComponentError('STORE_PG_LOG_PARTITIONS', `topic ${name} has ${found.partitions} partitions`, {
        details: { topic: name, partitions: found.partitions, wanted },
      });
    }
    return { ...found, name };
  }

  /** They are looked up again: the database does not know one of them any more. */
  forget(): void {
    this.#known.clear();
  }

  async #find(pool: Pool, name: string): Promise<Found | undefined> {
    const sql = `SELECT id, partitions FROM ${this.database.table('log_topics')} WHERE name = $1`;
    return (await rowsOf<Found>(pool, `looking up the topic ${name}`, sql, [name]))[0];
  }

  async #make(pool: Pool, name: string, partitions: number): Promise<Found> {
    const sql = `
WITH made AS (
  INSERT INTO ${this.database.table('log_topics')} (name, partitions) VALUES ($1, $2)
  ON CONFLICT (name) DO NOTHING RETURNING id, partitions
), added AS (
  INSERT INTO ${this.database.table('log_partitions')} (topic, partition)
  SELECT id, generate_series(0, partitions - 1) FROM made
)
SELECT id, partitions FROM made`;
    const [made] = await rowsOf<Found>(pool, `making the topic ${name}`, sql, [name, partitions]);
    // Else another process was first, and has committed.
    const found = made ?? (await this.#find(pool, name));
    if (found) return found;
    throw topicMissing(name);
  }
}

interface Found {
  readonly id: number;
  readonly partitions: number;
}

export function topicMissing(name: string): ComponentError {
  return new ComponentError('STORE_PG_LOG_TOPIC_MISSING', `topic ${name} is not there any more`, {
    details: { topic: name },
  });
}
