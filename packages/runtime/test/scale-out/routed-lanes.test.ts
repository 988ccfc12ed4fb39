import { waitFor } from '@sluice/testkit';
import { expect, test, vi } from 'vitest';
import { filterEvents, leasedSource, memoryCheckpoints, memoryLease, memorySink, pipeline } from '../../src/index.js';
import type { Numbered } from '../support/events.js';
import { ManyLanes } from '../support/many-lanes.js';

const timeoutMs = 30_000;
vi.setConfig({ testTimeout: 90_000 });

test('instances of a routed pipeline share its lanes: all of each lane reaches its branch as instances come and go', async () => {
  const lanes = ['a', 'b', 'c', 'd'];
  const log = new ManyLanes(lanes);
  const lease = memoryLease();
  const checkpoints = memoryCheckpoints();
  const sinks = { one: memorySink<Numbered>({ name: 'one' }), two: memorySink<Numbered>({ name: 'two' }) };
  const retry = { initialMs: 1, maxMs: 5 };
  const instance = () => {
    const routed = pipeline('routed', { checkpointIntervalMs: 1, notice: () => undefined })
      .from(leasedSource(log.source(), { lease, share: 'lanes', ttlMs: 60_000, pollMs: 10, graceMs: 1_000 }))
      .route({
        one: (branch) => branch.pipe(filterEvents(({ n }) => n % 2 === 0)).to(sinks.one, { checkpoints, retry }),
        two: (branch) => branch.pipe(filterEvents(({ n }) => n % 2 === 1)).to(sinks.two, { checkpoints, retry }),
      });
    const ended = routed.run();
    ended.catch(() => 'seen by the test');
    return { routed, ended };
  };
  const spread = async () => {
    log.grow(1);
    const counts = new Map<string, number>();
    for (const { owner } of await lease.holders('routed/many/lanes/')) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    return [...counts.values()].sort().join();
  };
  const first = instance();
  await waitFor(async () => (await spread()) === '4', { what: 'all lanes with the first', timeoutMs });
  const second = instance();
  await waitFor(async () => (await spread()) === '2,2', { what: 'lanes with both', timeoutMs });
  await first.routed.drain();
  await waitFor(async () => (await spread()) === '4', { what: 'all lanes with the second', timeoutMs });
  log.end();
  await second.ended;
  const count = Math.max(
    ...sinks.one.events.map(({ data }) => data?.n ?? 0),
    ...sinks.two.events.map(({ data }) => data?.n ?? 0),
  );
  for (const lane of lanes) {
    const seen = [...sinks.one.events, ...sinks.two.events].flatMap(({ data }) =>
      data?.lane === lane ? [data.n] : [],
    );
    expect([...new Set(seen)].sort((x, y) => x - y)).toEqual(Array.from({ length: count + 1 }, (_, n) => n));
  }
});
