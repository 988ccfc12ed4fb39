import type { CheckpointWrite } from '@sluice/contracts';
import { saveCheckpoints } from '@sluice/store-pg';
import type { Pool } from 'pg';
import { inTransaction } from '../database/transaction.js';
import type { Activity } from './activity.js';

/** A push, as clients get it besides its offset. */
export interface ActivityMessage {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp: string;
}

/** An event that has its place. */
export interface RecordedActivity {
  readonly offset: number;
  readonly documentId: string;
  readonly message: ActivityMessage;
}

/** What became of a write. `last` is the last offset that was given before it. */
export type Appended =
  | { readonly outcome: 'saved'; readonly last: number; readonly recorded: readonly RecordedActivity[] }
  | { readonly outcome: 'fenced' };

/** Where checkpoints are. */
export const CHECKPOINT_SCHEMA = 'sluice';

/** The tables `realtime.events` and `realtime.history`. */
export class ActivityTable {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Writes what is not there yet, and the checkpoints, in one transaction. Offsets grow by one, in the order of commits. */
  async append(activities: readonly Activity[], checkpoints: readonly CheckpointWrite[]): Promise<Appended> {
    const fenced = Symbol('fenced');
    const work = inTransaction(this.#pool, async (client): Promise<Appended> => {
      let last = 0;
      let recorded: readonly RecordedActivity[] = [];
      if (activities.length > 0) {
        const { rows } = await client.query<{ head: string }>(LOCK);
        last = Number(rows[0]?.head);
        recorded = (await client.query<Row>(APPEND, [last, ...columns(activities)])).rows.map(read);
      }
      if ((await saveCheckpoints(client, CHECKPOINT_SCHEMA, checkpoints)) === 'fenced') throw fenced;
      return { outcome: 'saved', last, recorded };
    });
    return work.catch((error: unknown) => {
      if (error === fenced) return { outcome: 'fenced' };
      throw error;
    });
  }

  /** The events after an offset, in order: of one document, or of all. */
  async after(offset: number, limit: number, documentId?: string): Promise<readonly RecordedActivity[]> {
    const { rows } =
      documentId === undefined
        ? await this.#pool.query<Row>({ name: 'activity-after', text: AFTER, values: [offset, limit] })
        : await this.#pool.query<Row>({
            name: 'activity-of-document-after',
            text: OF_DOCUMENT_AFTER,
            values: [offset, limit, documentId],
          });
    return rows.map(read);
  }

  /** The last offset: of one document, or of all; 0 where there is none. */
  async head(documentId?: string): Promise<number> {
    const { rows } =
      documentId === undefined
        ? await this.#pool.query<{ head: string }>('SELECT head FROM realtime.history')
        : await this.#pool.query<{ head: string }>(
            'SELECT coalesce(max(seq), 0) AS head FROM realtime.events WHERE document_id = $1',
            [documentId],
          );
    return Number(rows[0]?.head ?? 0);
  }

  /** Names the offsets: another one when the table was made anew. */
  async epoch(): Promise<string> {
    const { rows } = await this.#pool.query<{ epoch: string }>('SELECT epoch FROM realtime.history');
    return rows[0]?.epoch as string;
  }
}

interface Row {
  readonly seq: string;
  readonly document_id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly time: Date;
}

function read({ seq, document_id, type, data, time }: Row): RecordedActivity {
  return { offset: Number(seq), documentId: document_id, message: { type, data, timestamp: time.toISOString() } };
}

function columns(activities: readonly Activity[]): unknown[] {
  return [
    activities.map(({ documentId }) => documentId),
    activities.map(({ eventId }) => eventId),
    activities.map(({ type }) => type),
    activities.map(({ data }) => JSON.stringify(data)),
    activities.map(({ timestamp }) => timestamp),
  ];
}

const LOCK = 'SELECT head FROM realtime.history FOR UPDATE';

/** An event that comes twice within one write is written once, at its first place. */
const APPEND = `
WITH given AS (
  SELECT DISTINCT ON (event_id) *
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])
    WITH ORDINALITY AS given (document_id, event_id, type, data, time, place)
  ORDER BY event_id, place
), added AS (
  INSERT INTO realtime.events (seq, document_id, event_id, type, data, time)
  SELECT $1::bigint + row_number() OVER (ORDER BY place), document_id, event_id, type, data, time
  FROM given WHERE NOT EXISTS (SELECT FROM realtime.events AS there WHERE there.event_id = given.event_id)
  RETURNING seq, document_id, type, data, time
), moved AS (
  UPDATE realtime.history SET head = $1::bigint + (SELECT count(*) FROM added)
)
SELECT * FROM added ORDER BY seq`;

const AFTER = 'SELECT seq, document_id, type, data, time FROM realtime.events WHERE seq > $1 ORDER BY seq LIMIT $2';

const OF_DOCUMENT_AFTER = `SELECT seq, document_id, type, data, time FROM realtime.events
WHERE document_id = $3 AND seq > $1 ORDER BY seq LIMIT $2`;
