import { waitFor } from '@sluice/testkit';
import { conformance, leaseConformance } from '@sluice/testkit/conformance';
import { testDatabase } from '@sluice/testkit/postgres';
import { useDatabase } from '@sluice/testkit/vitest';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { postgresLease } from '../src/index.js';

conformance(
  leaseConformance({
    name: 'Postgres',
    async create() {
      const database = await testDatabase({ name: 'leases' });
      return {
        lease: () => postgresLease({ connection: database.url, schema: `it's "quoted` }),
        [Symbol.asyncDispose]: database.drop,
      };
    },
  }),
  { describe, test },
);

const database = useDatabase();
afterEach(() => vi.useRealTimers());

test('of many that want a resource at once, one gets it, and the others learn who and for how long', async () => {
  await using lease = postgresLease({ connection: database.url });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => lease.acquire('rush', `owner-${n}`, 60_000)));
  const winners = answers.flatMap((answer, n) => (answer.held ? [`owner-${n}`] : []));
  expect(winners).toHaveLength(1);
  for (const answer of answers) {
    if (answer.held) continue;
    expect(answer.by).toBe(winners[0]);
    expect(answer.remainingMs).toBeGreaterThan(0);
    expect(answer.remainingMs).toBeLessThanOrEqual(60_000);
  }
});

test('fences grow over releases, ends of terms and new stores, and stay while the lease is held', async () => {
  const fences: bigint[] = [];
  for (let n = 0; n < 4; n++) {
    await using lease = postgresLease({ connection: database.url });
    const answer = await lease.acquire('grow', 'me', n % 2 === 0 ? 1 : 60_000);
    if (!answer.held) throw new Error('it is free');
    fences.push(answer.fence);
    if (n % 2 === 0) {
      await waitFor(async () => (await lease.holders('grow')).length === 0, { what: 'the end of the term' });
    } else {
      expect(await lease.acquire('grow', 'me', 60_000)).toEqual(answer);
      await lease.release('grow', 'me', answer.fence);
    }
  }
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => Number(a - b)));
});

test('one that has expired is renewed while nobody took it, and never after somebody did', async () => {
  await using lease = postgresLease({ connection: database.url });
  const first = await lease.acquire('late', 'a', 1);
  if (!first.held) throw new Error('it is free');
  await waitFor(async () => (await lease.holders('late')).length === 0, { what: 'the end of the term' });
  expect(await lease.renew('late', 'a', first.fence, 1)).toBe(true);
  const second = await waitFor(
    async () => {
      const answer = await lease.acquire('late', 'b', 60_000);
      return answer.held && answer;
    },
    { what: 'the other one to get it' },
  );
  expect(second.fence).toBeGreaterThan(first.fence);
  expect(await lease.renew('late', 'a', first.fence, 60_000)).toBe(false);
  await lease.release('late', 'a', first.fence);
  expect(await lease.holders('late')).toEqual([{ resource: 'late', owner: 'b', fence: second.fence }]);
});

test('a lease that was released is not renewed', async () => {
  await using lease = postgresLease({ connection: database.url });
  const answer = await lease.acquire('released', 'a', 60_000);
  if (!answer.held) throw new Error('it is free');
  await lease.release('released', 'a', answer.fence);
  expect(await lease.renew('released', 'a', answer.fence, 60_000)).toBe(false);
});

test('the clock of an owner that jumps an hour, either way, changes nothing', async () => {
  await using lease = postgresLease({ connection: database.url });
  const answer = await lease.acquire('clock', 'a', 60_000);
  if (!answer.held) throw new Error('it is free');
  for (const jumpMs of [3_600_000, -3_600_000]) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + jumpMs });
    expect(await lease.renew('clock', 'a', answer.fence, 60_000)).toBe(true);
    const other = await lease.acquire('clock', 'b', 60_000);
    expect(other).toMatchObject({ held: false, by: 'a' });
    expect(other.held || other.remainingMs).toBeLessThanOrEqual(60_000);
    vi.useRealTimers();
  }
});

test('a prefix is taken letter by letter', async () => {
  await using lease = postgresLease({ connection: database.url });
  for (const resource of ['p%/a', 'p%/b', 'px/c', '\0/d']) await lease.acquire(resource, 'o\0', 60_000);
  expect((await lease.holders('p%/')).map(({ resource }) => resource)).toEqual(['p%/a', 'p%/b']);
  expect(await lease.holders('\0')).toMatchObject([{ resource: '\0/d', owner: 'o\0' }]);
});

test('a term is above 0 and a day at most', async () => {
  await using lease = postgresLease({ connection: database.url });
  for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 86_400_001]) {
    await expect(lease.acquire('r', 'o', ttlMs)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  }
});

test('rows that expired long ago are removed, and fences grow on', async () => {
  const first = await (async () => {
    await using lease = postgresLease({ connection: database.url });
    return await lease.acquire('old', 'a', 1);
  })();
  await database.query(`UPDATE sluice.leases SET expires_at = now() - interval '2 days' WHERE resource = 'old'`);
  await using lease = postgresLease({ connection: database.url });
  await lease.acquire('another', 'a', 60_000);
  expect(await database.query(`SELECT 1 FROM sluice.leases WHERE resource = 'old'`)).toEqual([]);
  const second = await lease.acquire('old', 'a', 60_000);
  expect(first.held && second.held && second.fence > first.fence).toBe(true);
});
