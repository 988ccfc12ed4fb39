import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { testDatabase } from '../../src/postgres/index.js';
import { postgresService, redisService } from '../../src/services/index.js';

test('Postgres from Docker by testcontainers: logical replication works, two servers are two, and stopped ones are gone', async () => {
  const notices: string[] = [];
  const options = { version: 18, ways: ['docker'], notice: (message: string) => notices.push(message) } as const;
  const first = await postgresService(options);
  await using second = await postgresService({ ...options, settings: { work_mem: '7MB' } });
  expect(first.from).toBe('docker');
  expect(notices[0]).toMatch(/^Postgres 18: from Docker, image postgres:18 \(18\./);
  expect(first.url).not.toBe(second.url);
  {
    await using database = await testDatabase({ url: first.url, name: 'orders' });
    await database.query('CREATE TABLE orders (id int PRIMARY KEY)');
    await database.query(`SELECT pg_create_logical_replication_slot('docker', 'pgoutput')`);
    await database.query('INSERT INTO orders VALUES (1)');
    expect(await database.query('SELECT id FROM orders')).toEqual([{ id: 1 }]);
    const settings = await database.query(`SELECT current_setting('wal_level') AS level`);
    expect(settings).toEqual([{ level: 'logical' }]);
  }
  await using other = await testDatabase({ url: second.url });
  expect(await other.query(`SELECT current_setting('work_mem') AS memory`)).toEqual([{ memory: '7MB' }]);
  expect(await other.query('SELECT slot_name FROM pg_replication_slots')).toEqual([]);

  await first.stop();
  await expect(testDatabase({ url: first.url })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('Redis from Docker by testcontainers answers, and keeps nothing on disk', async () => {
  await using service = await redisService({ ways: ['docker'] });
  expect(service.origin).toBe('from Docker, image redis:7');
  const redis = new Redis(service.url);
  await redis.set('n', 1);
  expect(await redis.incr('n')).toBe(2);
  expect(await redis.config('GET', 'save')).toEqual(['save', '']);
  await redis.quit();
});

test('an image that is not to be had is a reason, not a crash: the next way is taken', async () => {
  const notices: string[] = [];
  const options = { image: 'redis:no-such-tag', notice: (message: string) => notices.push(message) };
  await using service = await redisService({ ...options, ways: ['docker', 'recipe'] });
  expect(service.from).toBe('recipe');
  expect(notices[0]).toContain('not by docker: Docker did not start redis:no-such-tag');
});
