import { memorySink, pipeline } from '@sluice/runtime';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { type LogRetention, postgresCheckpoints, postgresLog } from '../../src/index.js';
import { context, logEvent, publish, storedEvents } from '../support/log-events.js';

const database = useDatabase();
const log = (retention: LogRetention) => postgresLog({ connection: database.url, retention });
const events = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => logEvent(`${from + n}`, 'k', new Uint8Array(900)));
const offsets = async (topic: string) => (await storedEvents(database, topic)).map(({ offset }) => offset);

/** As if the events before `offset` had been appended a day ago. */
async function age(topic: string, offset: number): Promise<void> {
  await database.query(
    `UPDATE sluice.log_events SET appended_at = appended_at - interval '1 day'
     WHERE log_offset < $2 AND topic = (SELECT id FROM sluice.log_topics WHERE name = $1)`,
    [topic, offset],
  );
}

/** Reads a topic with a pipeline until it has caught up, and gives the ids. */
async function read(group: string, topic: string): Promise<string[]> {
  const sink = memorySink<Uint8Array>();
  await using checkpoints = postgresCheckpoints({ connection: database.url });
  await using running = pipeline(group)
    .from(log({}).subscribe({ topics: [topic], group }))
    .to(sink, { checkpoints });
  const ended = running.run();
  // What went wrong comes from `run`; the wait is over then, too.
  await Promise.race([running.caughtUp({ timeoutMs: 30_000 }), ended]);
  await running.drain();
  await ended;
  return sink.events.map(({ id }) => id);
}

test('events that are too old go, younger ones stay, whatever their number', async () => {
  await publish(log({}), 'old', events(20));
  await age('old', 12);
  expect(await log({ ageMs: 3_600_000 }).trim()).toMatchObject({ events: 12 });
  expect(await offsets('old')).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  expect(await log({ ageMs: 3_600_000 }).trim()).toEqual({ events: 0, bytes: 0 });
  await age('old', 100);
  await log({ ageMs: 3_600_000 }).trim();
  await publish(log({}), 'old', events(1, 20));
  expect(await offsets('old')).toEqual([20]);
});

test('of a partition above its size the oldest events go, and never the newest one', async () => {
  await publish(log({}), 'large', events(20));
  const before = await database.query<{ bytes: string }>(
    `SELECT bytes FROM sluice.log_partitions WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = 'large')`,
  );
  const one = Number(before[0]?.bytes) / 20;
  await log({ bytes: Math.ceil(one * 5) + 20 }).trim();
  expect(await offsets('large')).toEqual([15, 16, 17, 18, 19]);
  await log({ bytes: 1 }).trim();
  expect(await offsets('large')).toEqual([19]);
});

test('more than a statement removes goes too', async () => {
  const many = Array.from({ length: 12_000 }, (_, n) => logEvent(`${n}`, 'k'));
  await publish(log({}), 'many', many);
  await age('many', 11_990);
  expect(await log({ ageMs: 3_600_000 }).trim()).toMatchObject({ events: 11_990 });
  expect(await offsets('many')).toHaveLength(10);
}, 60_000);

test('whoever publishes trims once in a while, also what others have published', async () => {
  await publish(log({}), 'left', events(5));
  const kept = log({ bytes: 1, everyMs: 1 });
  await publish(kept, 'tidy', events(5));
  await publish(kept, 'tidy', events(5, 5));
  expect(await offsets('tidy')).toEqual([9]);
  expect(await offsets('left')).toEqual([4]);
});

test('a reader whose place was cut is told, and does not go on as if nothing were missing', async () => {
  await publish(log({}), 'cut', events(5));
  expect(await read('late', 'cut')).toEqual(['0', '1', '2', '3', '4']);
  await publish(log({}), 'cut', events(5, 5));
  await age('cut', 7);
  await log({ ageMs: 3_600_000 }).trim();
  const details = { lane: 'cut/0', offset: 5, first: 7 };
  await expect(read('late', 'cut')).rejects.toMatchObject({ code: 'STORE_PG_LOG_TRIMMED', retry: 'operator', details });
  expect(await read('new', 'cut')).toEqual(['7', '8', '9']);
  // What a person does who has rebuilt the rest.
  await database.query(`DELETE FROM sluice.checkpoints WHERE pipeline = 'late'`);
  expect(await read('late', 'cut')).toEqual(['7', '8', '9']);
});

test('a group that had begun and read nothing yet is told, too', async () => {
  await publish(log({}), 'begun', []);
  expect(await read('empty', 'begun')).toEqual([]);
  await publish(log({}), 'begun', events(3));
  await age('begun', 2);
  await log({ ageMs: 3_600_000 }).trim();
  await expect(read('empty', 'begun')).rejects.toMatchObject({ code: 'STORE_PG_LOG_TRIMMED' });
});

test('a reader that is cut while it reads is told', async () => {
  await publish(log({}), 'while', events(6));
  const source = postgresLog({ connection: database.url, pageEvents: 2 }).subscribe({ topics: ['while'], group: 'g' });
  await using session = await source.open({ ...context(), checkpoints: new Map(), maxBatchBytes: 1_000_000 });
  for await (const lane of session.lanes()) {
    const frames = lane.frames()[Symbol.asyncIterator]();
    expect((await frames.next()).value.position.resume).toBe('0000000000000002');
    await age('while', 4);
    await log({ ageMs: 3_600_000 }).trim();
    await expect(frames.next()).rejects.toMatchObject({ code: 'STORE_PG_LOG_TRIMMED' });
    break;
  }
});

test('a reader is told of events that somebody has removed by hand, be they more than a page or in the middle of one', async () => {
  for (const [topic, first, last] of [
    ['long-gap', 0, 1_500],
    ['gap', 3, 4],
  ] as const) {
    await publish(log({}), topic, [...events(1_600)]);
    await database.query(
      `DELETE FROM sluice.log_events
       WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = $1) AND log_offset BETWEEN $2 AND $3`,
      [topic, first, last],
    );
    await expect(read(`g-${topic}`, topic)).rejects.toMatchObject({ code: 'STORE_PG_LOG_TRIMMED' });
  }
}, 60_000);

test('a checkpoint behind the end of the log is no place to wait at', async () => {
  await publish(log({}), 'lost', events(5));
  await read('ahead', 'lost');
  await database.query(
    `UPDATE sluice.log_partitions SET next_offset = 3 WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = 'lost')`,
  );
  const details = { lane: 'lost/0', offset: 5, next: 3 };
  await expect(read('ahead', 'lost')).rejects.toMatchObject({ code: 'STORE_PG_LOG_AHEAD', retry: 'operator', details });
});

test('a checkpoint of another log is refused', async () => {
  await publish(log({}), 'foreign', events(1));
  await read('stranger', 'foreign');
  await database.query(`UPDATE sluice.log_identity SET id = gen_random_uuid()`);
  await expect(read('stranger', 'foreign')).rejects.toMatchObject({ code: 'CHECKPOINT_IDENTITY' });
});

test('options, topics and events beyond their limits are refused by name', async () => {
  const connection = database.url;
  const options: [object, RegExp][] = [
    [{ retention: { ageMs: 0 } }, /retention\.ageMs/],
    [{ retention: { age: 1 } }, /`age`/],
    [{ partitions: { t: 0 } }, /partitions/],
    [{ partitions: 5_000 }, /partitions/],
    [{ partitions: { 'a b': 1 } }, /topic/],
    [{ maxEventBytes: 2 ** 30 }, /maxEventBytes/],
    [{ pollMs: Number.NaN }, /pollMs/],
    [{ wrong: 1 }, /wrong/],
  ];
  for (const [given, named] of options) expect(() => postgresLog({ connection, ...given })).toThrow(named);
  const small = postgresLog({ connection, maxEventBytes: 1_000 });
  const tooLarge = { code: 'STORE_PG_LOG_EVENT_TOO_LARGE', retry: 'never' };
  await expect(publish(small, 'small', events(2))).rejects.toMatchObject(tooLarge);
  await publish(postgresLog({ connection, partitions: 2 }), 'parted', events(1));
  await expect(
    publish(postgresLog({ connection, partitions: { parted: 3 } }), 'parted', events(1)),
  ).rejects.toMatchObject({
    code: 'STORE_PG_LOG_PARTITIONS',
    details: { topic: 'parted', partitions: 2, wanted: 3 },
  });
  for (const topics of [[], ['a', 'a']]) expect(() => small.subscribe({ topics, group: 'g' })).toThrow(/topics/);
});
