import { virtualTime } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { memoryCheckpoints, memorySink, memorySource, memoryTransport, pipeline } from '../src/index.js';

const target = () => [memorySink<number>(), { checkpoints: memoryCheckpoints() }] as const;

test('a source that has never had an event is caught up with at once', async () => {
  const source = memorySource<number>();
  await using running = pipeline('empty')
    .from(source)
    .to(...target());
  void running.run();
  await running.caughtUp({ timeoutMs: 5_000 });
  source.push({ key: 'a', data: 1 });
  await running.caughtUp({ timeoutMs: 5_000 });
  expect(source.confirmed + running.report().counters.written).toBeGreaterThanOrEqual(1);
});

test('a source that has never had an event does not stall', async () => {
  using time = virtualTime();
  const running = pipeline('empty')
    .from(memorySource<number>())
    .to(...target());
  void running.run();
  await time.advance(600_000);
  expect(running.report().health.status).toBe('idle');
  const drained = running.drain({ timeoutMs: 0 });
  await time.advance(60_000);
  await drained;
});

test('a topic that was never written to is caught up with at once, in each branch', async () => {
  const transport = memoryTransport();
  const checkpoints = memoryCheckpoints();
  await using running = pipeline('empty')
    .from(transport.subscribe({ topics: ['t'], group: 'g' }))
    .route({
      a: (branch) => branch.to(memorySink({ name: 'a' }), { checkpoints }),
      b: (branch) => branch.to(memorySink({ name: 'b' }), { checkpoints }),
    });
  void running.run();
  await running.caughtUp({ timeoutMs: 5_000 });
});
