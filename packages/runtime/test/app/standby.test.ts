import { ComponentError } from '@sluice/contracts';
import { virtualTime, waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  app,
  leasedSource,
  memoryCheckpoints,
  memoryLease,
  memorySink,
  memorySource,
  pipeline,
} from '../../src/index.js';
import { batches, sinkOf } from '../support/scripted-source.js';

const notice = () => {};

test('an instance that stands by is started and ready, stalls never, and takes over', { timeout: 60_000 }, async () => {
  const log = memorySource<number>();
  const lease = memoryLease();
  const checkpoints = memoryCheckpoints();
  const instance = () => {
    const running = pipeline('orders', { notice, stallMs: 200 })
      .from(leasedSource(log, { lease, share: 'source', ttlMs: 1_000, pollMs: 10 }))
      .to(memorySink<number>(), { checkpoints });
    return { running, service: app({ parts: [running], signals: [], notice }) };
  };
  const one = instance();
  const ends = [one.service.run()];
  await waitFor(() => one.running.state === 'running', { what: 'the first' });
  const two = instance();
  ends.push(two.service.run());
  await waitFor(() => two.service.state === 'running', { what: 'the second, standing by' });
  expect(two.running.report()).toMatchObject({ state: 'starting', standby: expect.stringContaining('reads') });
  const until = performance.now() + 600;
  await waitFor(() => performance.now() > until, { what: 'three times stallMs' });
  expect(two.service.health()).toMatchObject({
    ready: true,
    live: true,
    pipelines: { orders: { state: 'starting', health: 'idle', standby: expect.stringContaining('reads') } },
  });
  await one.service.stop();
  await waitFor(() => two.running.state === 'running', { what: 'the second to take over', timeoutMs: 20_000 });
  expect(two.running.report().standby).toBeUndefined();
  await two.service.stop();
  await Promise.all(ends);
});

test('a sink that is left alone by its breaker takes the app off ready, and back when it is up', async () => {
  using time = virtualTime();
  let down = true;
  const orders = pipeline('orders', { notice })
    .from(batches(1))
    .to(
      sinkOf(() =>
        down ? Promise.reject(new ComponentError('TEST_DOWN', 'down', { advice: 'start it' })) : Promise.resolve(),
      ),
      { checkpoints: memoryCheckpoints(), circuitBreaker: { failures: 2, coolDownMs: 30_000 } },
    );
  const service = app({ parts: [orders], signals: [], notice });
  const ended = service.run();
  await time.advance(20_000);
  expect(service.health()).toMatchObject({ ready: false, live: true });
  expect(service.health().reasons).toContainEqual(
    expect.objectContaining({ part: 'orders', kind: 'breaker-open', code: 'TEST_DOWN', advice: 'start it' }),
  );
  down = false;
  await time.until(() => service.health().ready, { what: 'ready again', withinMs: 120_000 });
  expect(orders.report().counters.written).toBe(5);
  const stopping = service.stop();
  await time.until(() => service.state === 'stopped', { what: 'the end' });
  await Promise.all([stopping, ended]);
});

test('pauses of minutes between tries pass in no time, and each is as long as the policy says', async () => {
  using time = virtualTime();
  const tries: number[] = [];
  const orders = pipeline('orders', { notice })
    .from(batches(1))
    .to(
      sinkOf(async () => {
        tries.push(time.now());
        if (tries.length < 6) throw new ComponentError('TEST_DOWN', 'down');
      }),
      {
        checkpoints: memoryCheckpoints(),
        circuitBreaker: false,
        retry: { initialMs: 60_000, factor: 2, maxMs: 600_000 },
      },
    );
  const ended = orders.run();
  await time.until(() => orders.report().counters.written === 5, { what: 'the write' });
  const pauses = tries.slice(1).map((at, n) => at - (tries[n] ?? 0));
  for (const [n, most] of [60_000, 120_000, 240_000, 480_000, 600_000].entries()) {
    expect(pauses[n]).toBeGreaterThanOrEqual(most / 2);
    expect(pauses[n]).toBeLessThanOrEqual(most + 1);
  }
  const drained = orders.drain();
  await time.until(() => orders.state === 'stopped', { what: 'the end' });
  await Promise.all([drained, ended]);
});
