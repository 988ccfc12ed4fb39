import { conformance, stateStoreConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { postgresState } from '../src/index.js';

conformance(
  stateStoreConformance({
    name: 'Postgres',
    async create() {
      const database = await testDatabase({ name: 'state' });
      return {
        store: () => postgresState({ connection: database.url, schema: `it's "quoted` }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);

const database = useDatabase();

test('keys of any text are kept and scanned in the order of code units', async () => {
  await using store = postgresState({ connection: database.url });
  const keys = ['', '\0', '__proto__', 'a', 'a\0', 'é', '\ud83d\ude00', '\ud800', '\uffff', `${'鍵'.repeat(9_999)}a`];
  const writes = keys.map((key) => ({ key, value: key.length, expected: 0n }));
  expect(await store.write('keys', { writes })).toBe('written');
  const scanned = await store.scan('keys');
  expect(scanned.map(({ key }) => key)).toEqual([...keys].sort());
  expect([...(await store.read('keys', keys)).keys()].sort()).toEqual([...keys].sort());
});

test('two instances that count the same keys in opposite orders lose nothing, and never fail', async () => {
  await using one = postgresState({ connection: database.url });
  await using two = postgresState({ connection: database.url });
  const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
  const count = async (store: typeof one, order: readonly string[]) => {
    for (let done = 0; done < 20; ) {
      const entries = await store.read('count', keys);
      const writes = order.map((key) => {
        const entry = entries.get(key);
        return { key, value: Number(entry?.value ?? 0) + 1, expected: entry?.revision ?? 0n };
      });
      if ((await store.write('count', { writes })) === 'written') done += 1;
    }
  };
  // The rows are there before, for of two that insert in opposite orders Postgres may end one.
  await one.write('count', { writes: keys.map((key) => ({ key, value: 0, expected: 0n })) });
  await Promise.all([count(one, keys), count(two, keys.toReversed())]);
  const values = [...(await one.read('count', keys)).values()].map(({ value }) => value);
  expect(new Set(values)).toEqual(new Set([40]));
});

test('a scope or a key that is too long is refused by name', async () => {
  await using store = postgresState({ connection: database.url });
  await expect(store.read('s'.repeat(501), [])).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  await expect(store.read('s', ['k'.repeat(10_001)])).rejects.toMatchObject({ code: 'STATE_KEY_TOO_LONG' });
});
