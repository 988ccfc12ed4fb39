import { type DeadLetterStore, Envelope, type EventOrigin, type NewDeadLetter, UNCHANGED } from '@sluice/contracts';
import { conformance, deadLetterStoreConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { beforeAll, describe, expect, test } from 'vitest';
import { postgresDeadLetters } from '../src/index.js';

conformance(
  deadLetterStoreConformance({
    name: 'Postgres',
    async create() {
      const database = await testDatabase({ name: 'letters' });
      return {
        store: () => postgresDeadLetters({ connection: database.url, schema: `it's "quoted` }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);

const database = useDatabase();
let store: DeadLetterStore;
beforeAll(() => {
  store = postgresDeadLetters({ connection: database.pool });
});

const origin = (source: string): EventOrigin => ({
  source,
  type: () => 'changed',
  id: (_, record) => (record as { id: string }).id,
  key: (_, record) => (record as { key?: string }).key,
  time: () => new Date(5),
  version: () => ({ epoch: 'e', value: 2n ** 70n }),
  headers: () => ({ 'x-\0': 'a\r\nSet-Cookie: b' }),
});

function letter(
  pipeline: string,
  record: { id: string; key?: string },
  more: Partial<NewDeadLetter> & { data?: unknown; source?: string } = {},
): NewDeadLetter {
  const { data = { n: 1 }, source = '/one', ...given } = more;
  return {
    pipeline,
    sink: 's',
    lane: 'l',
    position: { resume: 'A', within: 0 },
    event: new Envelope<unknown>(data, origin(source), 0, record),
    stage: 'map',
    cause: { code: 'BAD', message: 'no' },
    attempts: 1,
    at: new Date(1),
    parked: false,
    ...given,
  };
}

test('nothing in an event is refused, and it comes back as it was', async () => {
  const data = { nul: '\0', half: '\ud800', big: 2n ** 80n, bytes: new Uint8Array([0, 255]), none: UNCHANGED };
  const put = letter(
    'all',
    { id: 'i\0\ud800\\u0000', key: 'k\0\\' },
    { data, stage: '\0', sink: '\ud800', lane: '\\' },
  );
  await store.put([{ ...put, cause: { code: 'C\0', message: 'said \0' } }]);
  const [found] = await store.list({ pipeline: 'all', sink: '\ud800', key: 'k\0\\' });
  expect(found?.event.data).toStrictEqual(data);
  expect(found?.event.headers).toEqual({ 'x-\0': 'a\r\nSet-Cookie: b' });
  expect([found?.event.id, found?.event.key]).toEqual(['i\0\ud800\\u0000', 'k\0\\']);
  expect([found?.stage, found?.lane, found?.cause]).toEqual(['\0', '\\', { code: 'C\0', message: 'said \0' }]);
});

test('events of two sources with one id are two letters', async () => {
  await store.put([letter('sources', { id: 'same' }), letter('sources', { id: 'same' }, { source: '/two' })]);
  expect(await store.list({ pipeline: 'sources' })).toHaveLength(2);
});

test('an event put again, also within one put, keeps its place and an edit, and adds its attempts', async () => {
  const [a, b] = [letter('again', { id: 'a' }), letter('again', { id: 'b' })];
  await store.put([a, b, { ...a, cause: { code: 'SECOND', message: '2' }, parked: true }]);
  const [first] = await store.list({ pipeline: 'again' });
  await store.edit(first?.id ?? '', new Envelope<unknown>('mended', origin('/one'), 0, { id: 'other' }), 'ann');
  await store.put([{ ...a, attempts: 5, cause: { code: 'THIRD', message: '3' } }]);
  const found = await store.list({ pipeline: 'again' });
  expect(
    found.map(({ event, attempts, cause, parked }) => [event.id, event.data, attempts, cause.code, parked]),
  ).toEqual([
    ['a', 'mended', 7, 'THIRD', true],
    ['b', { n: 1 }, 1, 'BAD', false],
  ]);
});

test('an event that is larger than allowed is refused by name, and none of its put is stored', async () => {
  await using small = postgresDeadLetters({ connection: database.url, maxEventBytes: 10_000 });
  const large = letter('large', { id: 'b' }, { data: 'x'.repeat(10_000) });
  await expect(small.put([letter('large', { id: 'a' }), large])).rejects.toMatchObject({
    code: 'EVENT_TOO_LARGE_TO_STORE',
    retry: 'never',
  });
  expect(await small.list({ pipeline: 'large' })).toEqual([]);
});

test('letters that are put at once become visible in the order of their ids', async () => {
  let after: string | undefined;
  const seen: string[] = [];
  let over = false;
  const puts = Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      store.put([letter('order', { id: `${n}a` }), letter('order', { id: `${n}b` })]),
    ),
  ).then(() => {
    over = true;
  });
  for (let last = false; !last; ) {
    last = over;
    const page = await store.list({ pipeline: 'order', ...(after === undefined ? {} : { after }) });
    seen.push(...page.map(({ id }) => id));
    after = page.at(-1)?.id ?? after;
  }
  await puts;
  expect(seen).toHaveLength(80);
});

test('5,000 letters are put, requested and resolved in a statement each', async () => {
  await store.put(
    Array.from({ length: 5_000 }, (_, n) => letter('many', { id: `${n}`, key: `${n % 50}` }, { parked: true })),
  );
  const { query } = database.pool;
  let statements = 0;
  database.pool.query = ((...given: unknown[]) => {
    statements += 1;
    return Reflect.apply(query, database.pool, given);
  }) as typeof query;
  expect(await store.request({ pipeline: 'many' }, 'ann')).toBe(5_000);
  const letters = await store.list({ pipeline: 'many', limit: 5_000 });
  await store.resolve(
    letters.map(({ id }) => ({ id, outcome: 'replayed' as const })),
    'worker',
  );
  database.pool.query = query;
  expect(statements).toBe(3);
  expect(await store.prune('many', new Date(Date.now() + 60_000))).toBe(5_000);
});

test('options are checked at once, by name', () => {
  const make = (more: object) => () => postgresDeadLetters({ connection: database.url, ...more });
  expect(make({ maxEventBytes: 0 })).toThrow(/maxEventBytes/);
  expect(make({ schema: '' })).toThrow(/schema/);
  expect(make({ maxConnections: 0.5 })).toThrow(/maxConnections/);
  expect(make({ tabel: 'x' })).toThrow(/tabel/);
});
