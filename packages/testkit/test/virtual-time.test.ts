import { createServer } from 'node:http';
import { setTimeout as namedTimeout } from 'node:timers';
import { setTimeout as promisedTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { virtualTime } from '../src/index.js';

test('timers, the wall clock and the monotonic clock move together, and only when told to', async () => {
  using time = virtualTime({ now: new Date('2030-01-01T00:00:00Z') });
  const fired: number[] = [];
  setTimeout(() => fired.push(time.now()), 90_000);
  const ticking = setInterval(() => fired.push(time.now()), 60_000);
  await time.advance(59_999);
  expect(fired).toEqual([]);
  await time.advance(60_001);
  expect(fired).toEqual([60_000, 90_000, 120_000]);
  expect(new Date().toISOString()).toBe('2030-01-01T00:02:00.000Z');
  clearInterval(ticking);
});

test('a pause that begins after a promise of the one before is part of the same hour', async () => {
  using time = virtualTime();
  let rounds = 0;
  const loop = (async () => {
    for (; rounds < 60; rounds += 1) await new Promise((resolve) => setTimeout(resolve, 60_000));
  })();
  await time.advance(3_600_000);
  await loop;
  expect(rounds).toBe(60);
});

test('the wall clock jumps an hour both ways, and the monotonic one notices nothing', async () => {
  using time = virtualTime({ now: new Date(10 * 3_600_000) });
  let fired = false;
  setTimeout(() => (fired = true), 1_000);
  time.jumpWallClock(-3_600_000);
  expect(Date.now()).toBe(9 * 3_600_000);
  await time.advance(999);
  expect([fired, time.now()]).toEqual([false, 999]);
  time.jumpWallClock(2 * 3_600_000);
  await time.advance(1);
  expect([fired, time.now(), Date.now()]).toEqual([true, 1_000, 11 * 3_600_000 + 1_000]);
});

test('sockets stay real: a request is answered while time stands still', async () => {
  using time = virtualTime();
  const server = createServer((_, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}`);
  expect(await response.text()).toBe('here');
  expect(time.now()).toBe(0);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('timers that were imported by name are virtual too', async () => {
  const fired: string[] = [];
  {
    using time = virtualTime();
    namedTimeout(() => fired.push('named'), 60_000);
    void promisedTimeout(60_000).then(() => fired.push('promised'));
    await time.advance(60_000);
  }
  expect(fired).toEqual(['named', 'promised']);
  await promisedTimeout(1); // real again
});

test('until says what it waited for', async () => {
  using time = virtualTime();
  await expect(time.until(() => false, { what: 'the moon', withinMs: 5_000 })).rejects.toMatchObject({
    code: 'TEST_WAIT_TIMEOUT',
    message: expect.stringContaining('5000 ms of virtual time for the moon'),
  });
  expect(time.now()).toBe(5_000);
});

test('disposing it gives the real time back', async () => {
  const real = [setTimeout, setInterval, Date, performance.now()] as const;
  virtualTime()[Symbol.dispose]();
  expect([setTimeout, setInterval, Date]).toEqual(real.slice(0, 3));
  expect(performance.now()).toBeGreaterThanOrEqual(real[3]);
});
