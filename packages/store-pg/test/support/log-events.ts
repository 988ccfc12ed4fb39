import { type ComponentContext, Envelope, type EventOrigin } from '@sluice/contracts';
import type { TestDatabase } from '@sluice/testkit/postgres';
import type { PostgresLog } from '../../src/index.js';

interface Told {
  readonly id: string;
  readonly key: string | undefined;
}

const origin: EventOrigin = {
  source: '/test',
  type: () => 'test',
  id: (_, record) => (record as Told).id,
  key: (_, record) => (record as Told).key,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({}),
};

/** An event of this key, with this id as its bytes. */
export function logEvent(id: string, key?: string, bytes: Uint8Array = Buffer.from(id)): Envelope<Uint8Array> {
  return new Envelope<Uint8Array>(bytes, origin, 1, { id, key } satisfies Told);
}

/** What a component is told that nobody ends. */
export function context(): ComponentContext {
  return { pipeline: 'test', signal: new AbortController().signal, notice: () => undefined };
}

/** Publishes once, by a publisher of its own. */
export async function publish(log: PostgresLog, topic: string, events: readonly Envelope<Uint8Array>[]): Promise<void> {
  await using publisher = await log.publisher(context());
  await publisher.publish(topic, events);
}

/** The events of a topic as they are stored, in the order of their offsets, partition by partition. */
export async function storedEvents(database: TestDatabase, topic: string): Promise<StoredRow[]> {
  return database.query<StoredRow>(
    `SELECT partition, log_offset::int AS "offset", id, key FROM sluice.log_events
     WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = $1) ORDER BY partition, log_offset`,
    [topic],
  );
}

export interface StoredRow {
  readonly partition: number;
  readonly offset: number;
  readonly id: string;
  readonly key: string;
}

/** The ids of each key, in the order of their offsets. */
export function idsByKey(rows: readonly StoredRow[]): Record<string, string[]> {
  const ids: Record<string, string[]> = {};
  for (const { id, key } of rows) {
    ids[key] ??= [];
    ids[key].push(id);
  }
  return ids;
}
