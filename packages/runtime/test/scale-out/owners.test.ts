import type { Lease } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { leasedSource, memoryLease, memorySink, pipeline } from '../../src/index.js';
import type { Numbered } from '../support/events.js';
import { ManyLanes } from '../support/many-lanes.js';

const timeoutMs = 30_000;
vi.setConfig({ testTimeout: 90_000 });
afterEach(() => vi.useRealTimers());

const retry = { initialMs: 1, maxMs: 5 };
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Instances that write to one atomic sink, which keeps their checkpoints. */
function instances(log: ManyLanes, leases: readonly Lease[]) {
  const sink = memorySink<Numbered>({ delivery: 'atomic' });
  const all = leases.map((lease) => {
    const running = pipeline('owners', { checkpointIntervalMs: 1, notice: () => undefined })
      .from(leasedSource(log.source(), { lease, share: 'lanes', ttlMs: 60_000, pollMs: 10 }))
      .to(sink, { retry });
    const ended = running.run();
    ended.catch(() => 'seen by the test');
    return { running, ended };
  });
  return { sink, all };
}

const numbers = (sink: { events: readonly { data: Numbered | null }[] }) => sink.events.map(({ data }) => data?.n);

test('two owners of one lane, where the lease store gave it twice: the newer fence wins, nobody fails, each event is written once', async () => {
  const log = new ManyLanes(['a']);
  // Each one has a lease store of its own, as after a split: both are told that the lane is theirs.
  const { sink, all } = instances(log, [memoryLease(), memoryLease()]);
  for (let round = 0; round < 20; round++) {
    log.grow(10);
    await waitFor(() => sink.events.length === (round + 1) * 10, { what: 'the events of a round', timeoutMs });
  }
  expect(numbers(sink)).toEqual(upTo(200));
  for (const { running } of all) expect(['starting', 'running']).toContain(running.state);
  await Promise.all(all.map(({ running }) => running.drain()));
});

test('the clock of an owner jumps an hour, either way: it keeps its lane, and reads on', async () => {
  const log = new ManyLanes(['a']);
  const lease = memoryLease();
  const { sink, all } = instances(log, [lease]);
  log.grow(10);
  await waitFor(() => sink.events.length === 10, { what: 'the first events', timeoutMs });
  const before = await lease.holders('owners/many/lanes/');
  for (const [round, jumpMs] of [3_600_000, -3_600_000].entries()) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + jumpMs });
    log.grow(10);
    await waitFor(() => sink.events.length === 20 + round * 10, { what: 'the events after a jump', timeoutMs });
  }
  expect(await lease.holders('owners/many/lanes/')).toEqual(before);
  expect(all[0]?.running.report().counters.generations).toBe(1);
  await all[0]?.running.drain();
  expect(numbers(sink)).toEqual(upTo(30));
});
