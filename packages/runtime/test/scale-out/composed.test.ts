import type { Source } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { expect, test, vi } from 'vitest';
import {
  filterEvents,
  leasedSource,
  memoryCheckpoints,
  memoryLease,
  memorySink,
  mergeSources,
  pipeline,
} from '../../src/index.js';
import type { Numbered } from '../support/events.js';
import { ManyLanes } from '../support/many-lanes.js';

const timeoutMs = 30_000;
vi.setConfig({ testTimeout: 90_000 });

const retry = { initialMs: 1, maxMs: 5 };
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const numbers = (sink: { events: readonly { data: Numbered | null }[] }) => sink.events.map(({ data }) => data?.n);

test('a routed pipeline that stood by goes on where the other one left off, in each of its branches', async () => {
  const log = new ManyLanes(['a']);
  const lease = memoryLease();
  const checkpoints = memoryCheckpoints();
  const sinks = { one: memorySink<Numbered>({ name: 'one' }), two: memorySink<Numbered>({ name: 'two' }) };
  const instance = () =>
    pipeline('routed', { checkpointIntervalMs: 1, notice: () => undefined })
      .from(leasedSource(log.source(), { lease, share: 'source', ttlMs: 60_000, pollMs: 10 }))
      .route({
        one: (branch) => branch.pipe(filterEvents(({ n }) => n % 2 === 0)).to(sinks.one, { checkpoints, retry }),
        two: (branch) => branch.pipe(filterEvents(({ n }) => n % 2 === 1)).to(sinks.two, { checkpoints, retry }),
      });
  const first = instance();
  void first.run();
  await waitFor(() => first.state === 'running', { what: 'the first one', timeoutMs });
  const second = instance();
  const ended = second.run();
  await waitFor(async () => second.state === 'starting', { what: 'the second one to wait', timeoutMs });
  log.grow(20);
  await waitFor(() => sinks.one.events.length + sinks.two.events.length === 20, { what: 'the first half', timeoutMs });
  await first.drain();
  log.grow(20);
  log.end();
  await ended;
  expect([...numbers(sinks.one), ...numbers(sinks.two)].sort((a = 0, b = 0) => a - b)).toEqual(upTo(40));
});

test('leased sources that a pipeline merges have leases of their own', async () => {
  const [left, right] = [new ManyLanes(['a']), new ManyLanes(['a'])];
  const lease = memoryLease();
  const checkpoints = memoryCheckpoints();
  const sink = memorySink<Numbered>();
  const leased = (log: ManyLanes, name: string): Source<Numbered> =>
    leasedSource({ ...log.source(), name }, { lease, share: 'lanes', ttlMs: 60_000, pollMs: 10 });
  const merged = mergeSources({ left: leased(left, 'left'), right: leased(right, 'right/2') });
  expect(merged.features.shared).toBe(true);
  const running = pipeline('merged').from(merged).to(sink, { checkpoints, retry });
  const ended = running.run();
  left.grow(5);
  right.grow(5);
  await waitFor(() => sink.events.length === 10, { what: 'the events of both', timeoutMs });
  expect(
    (await lease.holders('merged/')).map(({ resource }) => resource).filter((name) => name.includes('lanes')),
  ).toEqual(['merged/left/lanes/a', 'merged/right%2F2/lanes/a']);
  left.end();
  right.end();
  await ended;
});
