import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { waitFor } from '../../src/index.js';
import { isAlive } from '../../src/postgres/postmaster-pid.js';
import { redisService } from '../../src/services/index.js';
import { runFixture } from '../fixtures/run-fixture.js';

test('the Redis of the run takes commands, scripts, streams and messages', async () => {
  await using service = await redisService();
  expect(service.from).toBe('url');
  const redis = new Redis(service.url);
  const listener = new Redis(service.url);
  try {
    await redis.set('sluice:text', 'é');
    expect(await redis.get('sluice:text')).toBe('é');
    expect(await redis.eval('return ARGV[1] + 1', 0, '41')).toBe(42);
    await redis.del('sluice:stream');
    await redis.xadd('sluice:stream', '*', 'n', '1');
    expect(await redis.xlen('sluice:stream')).toBe(1);
    const heard: string[] = [];
    listener.on('message', (_, text) => heard.push(text));
    await listener.subscribe('sluice:channel');
    await redis.publish('sluice:channel', 'hello');
    await waitFor(() => heard.length === 1, { what: 'the message' });
    expect(heard).toEqual(['hello']);
  } finally {
    await redis.quit();
    await listener.quit();
  }
});

test('a Redis of its own is empty, on loopback alone, and gone once it is stopped', async () => {
  const notices: string[] = [];
  const service = await redisService({ ways: ['recipe'], notice: (message) => notices.push(message) });
  expect(notices).toEqual([`Redis: ${service.origin}`]);
  const redis = new Redis(service.url);
  redis.on('error', () => undefined); // it is stopped below
  const info = await redis.info('server');
  const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
  expect(await redis.dbsize()).toBe(0);
  expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
  expect(await redis.config('GET', 'save')).toEqual(['save', '']);
  redis.disconnect();
  await service.stop();
  await service.stop();
  expect(isAlive(pid)).toBe(false);
});

test('a Redis of its own ends when the process that started it is killed', async () => {
  const { child, first } = await runFixture<{ url: string }>('hold-redis');
  try {
    const redis = new Redis(first.url, { retryStrategy: null });
    redis.on('error', () => undefined); // it goes away below
    const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
    redis.disconnect();
    child.kill('SIGKILL');
    await waitFor(() => !isAlive(pid), { what: 'the server to end', timeoutMs: 30_000 });
  } finally {
    child.kill('SIGKILL');
  }
});
