import { memorySink, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresCheckpoints, postgresLog } from '../../src/index.js';
import { ChildProgram } from '../support/child-program.js';
import { context, idsByKey, logEvent, publish, storedEvents } from '../support/log-events.js';

const database = useDatabase();

test('16 publishers at once: offsets have no gaps, readers that read meanwhile miss nothing, keys stay in order', async () => {
  const log = () => postgresLog({ connection: database.url, partitions: 4 });
  const sink = memorySink<Uint8Array>();
  await using checkpoints = postgresCheckpoints({ connection: database.url });
  await using reading = pipeline('all')
    .from(log().subscribe({ topics: ['busy'], group: 'all' }))
    .to(sink, { checkpoints });
  const run = reading.run();
  await Promise.all(
    Array.from({ length: 16 }, async (_, publisher) => {
      await using own = await log().publisher(context());
      for (let at = 0; at < 40; at++) {
        const events = [0, 1, 2].map((n) => logEvent(`${publisher}-${at}-${n}`, `key ${publisher}-${n % 2}`));
        await own.publish('busy', events);
      }
    }),
  );
  await waitFor(() => sink.events.length >= 1_920, { what: 'all events', timeoutMs: 60_000 });
  await reading.drain({ timeoutMs: 10_000 });
  await run;
  expect(new Set(sink.events.map(({ id }) => id)).size).toBe(1_920);
  expect(sink.events).toHaveLength(1_920);
  const stored = await storedEvents(database, 'busy');
  for (const [at, { partition, offset }] of stored.entries()) {
    const before = stored[at - 1];
    expect(offset).toBe(before?.partition === partition ? before.offset + 1 : 0);
  }
  const made = Array.from({ length: 16 }, (_, p) => p).flatMap((p) =>
    [0, 1].map((key) => {
      const numbers = key === 0 ? [0, 2] : [1];
      const ids = Array.from({ length: 40 }, (_, at) => numbers.map((n) => `${p}-${at}-${n}`)).flat();
      return [`key ${p}-${key}`, ids];
    }),
  );
  expect(idsByKey(stored)).toEqual(Object.fromEntries(made));
  const read: Record<string, string[]> = {};
  for (const { id, key = '' } of sink.events) put(read, key, id);
  expect(read).toEqual(Object.fromEntries(made));
}, 120_000);

test('calls of one publisher that do not wait for each other arrive in the order in which they were made', async () => {
  const log = postgresLog({ connection: database.url });
  await using publisher = await log.publisher(context());
  const ids = Array.from({ length: 200 }, (_, n) => `${n}`);
  await Promise.all(ids.map((id) => publisher.publish('eager', [logEvent(id, 'k')])));
  expect((await storedEvents(database, 'eager')).map(({ id }) => id)).toEqual(ids);
});

test('a log whose statements may take a week publishes', async () => {
  const log = postgresLog({ connection: database.url, statementTimeoutMs: 604_800_000 });
  await publish(log, 'week', [logEvent('1', 'k')]);
  expect(await storedEvents(database, 'week')).toHaveLength(1);
});

test('a call that the log refuses fails alone: those that were gathered with it are appended', async () => {
  await using publisher = await postgresLog({ connection: database.url }).publisher(context());
  await publisher.publish('stays', [logEvent('0', 'k')]);
  await publisher.publish('removed', [logEvent('0', 'k')]);
  await database.query(`DELETE FROM sluice.log_partitions
    WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = 'removed')`);
  // The first one is under way while the others are gathered.
  const [first, refused, last] = await Promise.allSettled([
    publisher.publish('stays', [logEvent('1', 'k')]),
    publisher.publish('removed', [logEvent('1', 'k')]),
    publisher.publish('stays', [logEvent('2', 'k')]),
  ]);
  expect([first?.status, refused?.status, last?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(refused).toMatchObject({ reason: { code: 'STORE_PG_LOG_TOPIC_MISSING' } });
  expect((await storedEvents(database, 'stays')).map(({ id }) => id)).toEqual(['0', '1', '2']);
});

test('a call with more events than a function takes arguments is published, and the next one too', async () => {
  await using publisher = await postgresLog({ connection: database.url }).publisher(context());
  const none = new Uint8Array();
  const many = Array.from({ length: 130_000 }, (_, n) => logEvent(`${n}`, 'k', none));
  await Promise.all([publisher.publish('many', many), publisher.publish('many', [logEvent('next', 'k')])]);
  const [count] = await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM sluice.log_events
    WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = 'many')`);
  expect(count).toEqual({ count: 130_001 });
}, 120_000);

test('appends to several topics in opposite orders do not wait for each other crosswise', async () => {
  const log = postgresLog({ connection: database.url });
  const sink = log.sink<Uint8Array>({ topic: ({ key }) => `cross-${key}` });
  // More than a statement takes: each topic comes with another one of the transaction.
  const many = Array.from({ length: 5_000 }, (_, n) => n);
  const write = async (order: readonly string[], name: string) => {
    await using session = await sink.open(context());
    for (const at of [0, 1, 2]) {
      const events = order.flatMap((key) => many.map((n) => logEvent(`${name}-${at}-${key}-${n}`, key)));
      await session.write(events, { checkpoints: [], attempt: 0, signal: context().signal });
    }
  };
  await Promise.all([write(['a', 'b'], 'x'), write(['b', 'a'], 'y')]);
  for (const key of ['a', 'b']) expect(await storedEvents(database, `cross-${key}`)).toHaveLength(30_000);
}, 120_000);

test('members of a group that are killed over and over relay each event once, and keys stay in order', async () => {
  await using relay = await ChildProgram.build('log-relay');
  const orders = { url: database.url, memberTtlMs: 700 };
  const log = postgresLog({ connection: database.url, partitions: 3 });
  await publish(log, 'in', []);
  await publish(log, 'out', []);
  const members = [relay.start(orders), relay.start(orders)];
  await Promise.all(members.map((member) => member.says('started')));
  await using publisher = await log.publisher(context());
  const made: Record<string, string[]> = {};
  for (let round = 0; round < 12; round++) {
    for (let at = 0; at < 10; at++) {
      const events = Array.from({ length: 20 }, (_, n) => ({ id: `${round}-${at}-${n}`, key: `key ${n % 7}` }));
      for (const { id, key } of events) put(made, key, id);
      await publisher.publish(
        'in',
        events.map(({ id, key }) => logEvent(id, key)),
      );
    }
    const count = async () => Number((await database.query(COUNT))[0]?.['count'] ?? 0);
    const before = await count();
    // It is killed while it works, not while it waits.
    await waitFor(async () => (await count()) > before || before === (round + 1) * 200, {
      what: 'progress',
      timeoutMs: 60_000,
    });
    members[round % 2]?.kill();
    members[round % 2] = relay.start(orders);
  }
  await waitFor(async () => (await storedEvents(database, 'out')).length >= 2_400, { what: 'all', timeoutMs: 60_000 });
  expect(idsByKey(await storedEvents(database, 'out'))).toEqual(made);
}, 240_000);

const COUNT = `SELECT count(*)::int AS count FROM sluice.log_events WHERE topic = (SELECT id FROM sluice.log_topics WHERE name = 'out')`;

function put(lists: Record<string, string[]>, key: string, id: string): void {
  lists[key] ??= [];
  lists[key].push(id);
}
