import { ComponentError, type Lease } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { conformance, sourceConformance } from '@sluice/testkit/conformance';
import { describe, expect, test, vi } from 'vitest';
import {
  leasedSource,
  memoryCheckpoints,
  memoryLease,
  memorySink,
  memorySource,
  type Notice,
  pipeline,
} from '../../src/index.js';
import type { Numbered } from '../support/events.js';
import { ManyLanes } from '../support/many-lanes.js';

const retry = { initialMs: 1, maxMs: 5 };
const timeoutMs = 30_000;
vi.setConfig({ testTimeout: 90_000 });

const unavailable = () => new ComponentError('STORE_PG_UNAVAILABLE', 'the store is down');

for (const share of ['source', 'lanes'] as const) {
  conformance(
    sourceConformance<string>({
      name: `leasedSource of memorySource, share ${share}`,
      features: { ack: 'cumulative', replayable: true },
      async create() {
        const memory = memorySource<string>({ batch: 7 });
        const lease = memoryLease();
        return {
          source: () => leasedSource(memory, { lease, share, pollMs: 5 }),
          produce: async (samples) => memory.push(...samples.map(({ key, value }) => ({ key, data: value }))),
          value: (event) => event.data ?? '',
          async [Symbol.asyncDispose]() {},
        };
      },
    }),
    { describe, test },
  );
}

/** Instances of one service, over one log, one lease store and one checkpoint store. */
function service(
  lanes: readonly string[],
  options: { lease?: Lease; ttlMs?: number; share?: 'source' | 'lanes' } = {},
) {
  const log = new ManyLanes(lanes);
  const checkpoints = memoryCheckpoints();
  const { lease = memoryLease(), ttlMs = 2_000, share = 'lanes' } = options;
  const instance = () => {
    const notices: string[] = [];
    const sink = memorySink<Numbered>();
    const notice = ({ message }: Notice) => void notices.push(message);
    const running = pipeline('shared', { notice, checkpointIntervalMs: 1 })
      .from(leasedSource(log.source(), { lease, share, ttlMs, pollMs: 10, graceMs: 1_000 }))
      .to(sink, { checkpoints, retry });
    const ended = running.run();
    ended.catch(() => 'seen by the test');
    return { running, ended, sink, notices };
  };
  return { log, checkpoints, lease, instance };
}

/** How many lanes each owner holds, ascending. */
async function spread(lease: Lease): Promise<number[]> {
  const counts = new Map<string, number>();
  const members = await lease.holders('shared/many/members/');
  for (const { owner } of members) counts.set(owner, 0);
  for (const { owner } of await lease.holders('shared/many/lanes/')) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return [...counts.values()].sort();
}

const ofLane = (instances: readonly { sink: { events: readonly { data: Numbered | null }[] } }[], lane: string) =>
  instances.flatMap(({ sink }) => sink.events.flatMap(({ data }) => (data?.lane === lane ? [data.n] : [])));

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test('one instance reads and the others stand by, saying who reads; when it leaves, another goes on', async () => {
  const { log, instance, lease } = service(['a', 'b'], { share: 'source', ttlMs: 60_000 });
  const first = instance();
  await waitFor(() => first.running.state === 'running', { what: 'the first instance', timeoutMs });
  const second = instance();
  await waitFor(() => second.notices.length > 0, { what: 'the second one to say something', timeoutMs });
  const [holder] = await lease.holders('shared/');
  expect(second.notices).toEqual([`stands by: ${holder?.owner} reads many`]);
  expect(second.running.report().standby).toBe(`${holder?.owner} reads many`);
  log.grow(20);
  await first.running.caughtUp({ timeoutMs });
  await first.running.drain();
  log.grow(20);
  await waitFor(() => second.sink.events.length === 40, { what: 'the second one to go on', timeoutMs });
  expect([first.sink.events.length, second.running.state]).toEqual([40, 'running']);
  expect(second.running.report().standby).toBeUndefined();
  expect(second.running.report().counters.retries).toBe(0);
  for (const lane of ['a', 'b']) expect(ofLane([first, second], lane)).toEqual(upTo(40));
  log.end();
  await second.ended;
  expect([log.openSessions, await lease.holders('')]).toEqual([0, []]);
});

test('a drain ends an instance that stands by', async () => {
  const { instance } = service(['a'], { share: 'source', ttlMs: 60_000 });
  const first = instance();
  await waitFor(() => first.running.state === 'running', { what: 'the first instance', timeoutMs });
  const second = instance();
  await waitFor(() => second.notices.length > 0, { what: 'the second one to stand by', timeoutMs });
  await second.running.drain();
  await second.ended;
  await first.running.drain();
});

test('lanes spread evenly as instances come and go, and each event is written once, in order', async () => {
  const lanes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const { log, instance, lease } = service(lanes, { ttlMs: 60_000 });
  const all = [instance()];
  const settles = (expected: number[]) =>
    waitFor(
      async () => {
        log.grow(1);
        return JSON.stringify(await spread(lease)) === JSON.stringify(expected);
      },
      { what: `lanes to be spread ${expected}`, timeoutMs },
    );
  await settles([7]);
  all.push(instance());
  await settles([3, 4]);
  all.push(instance());
  await settles([2, 2, 3]);
  await all[0]?.running.drain();
  await settles([3, 4]);
  log.end();
  await Promise.all(all.map(({ ended }) => ended));
  const count = ofLane(all, 'a').length;
  for (const lane of lanes) expect(ofLane(all, lane).sort((a, b) => a - b)).toEqual(upTo(count));
  for (const { sink } of all) {
    for (const lane of lanes) {
      const mine = ofLane([{ sink }], lane);
      expect(mine).toEqual([...mine].sort((a, b) => a - b));
    }
  }
  expect(all.map(({ running }) => running.report().counters.generations)).toEqual([1, 1, 1]);
  expect([log.openSessions, await lease.holders('')]).toEqual([0, []]);
});

test('an instance above the number of lanes waits for one', async () => {
  const { log, instance, lease } = service(['a'], { ttlMs: 60_000 });
  const all = [instance(), instance()];
  await waitFor(async () => (await spread(lease)).join() === '0,1', { what: 'one to have the lane', timeoutMs });
  log.grow(5);
  log.end();
  await Promise.all(all.map(({ ended }) => ended));
  expect(ofLane(all, 'a')).toEqual(upTo(5));
});

test('while the lease store is down, an owner stops before its term ends, nobody else begins, and it goes on afterwards', async () => {
  let down = false;
  const real = memoryLease();
  const refused = async () => {
    throw unavailable();
  };
  const lease: Lease = {
    ...real,
    [Symbol.asyncDispose]: async () => {},
    acquire: (...given) => (down ? refused() : real.acquire(...given)),
    renew: (...given) => (down ? refused() : real.renew(...given)),
    release: (...given) => (down ? refused() : real.release(...given)),
    holders: (prefix) => (down ? refused() : real.holders(prefix)),
  };
  const { log, instance } = service(['a', 'b'], { lease, ttlMs: 400 });
  const all = [instance(), instance()];
  await waitFor(async () => (await spread(real)).join() === '1,1', { what: 'a lane each', timeoutMs });
  log.grow(10);
  await waitFor(() => all.every(({ sink }) => sink.events.length === 10), { what: 'all events', timeoutMs });
  down = true;
  await waitFor(async () => (await real.holders('shared/')).length === 0, { what: 'the terms to end', timeoutMs });
  log.grow(10);
  // Long enough for whoever still read to be seen.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(all.map(({ sink }) => sink.events.length)).toEqual([10, 10]);
  down = false;
  await waitFor(() => all[0] && all[1] && all[0].sink.events.length + all[1].sink.events.length === 40, {
    what: 'the rest',
    timeoutMs,
  });
  for (const lane of ['a', 'b']) expect(ofLane(all, lane).sort((x, y) => x - y)).toEqual(upTo(20));
  await waitFor(() => all.every(({ running }) => running.state === 'running'), { what: 'all to run again', timeoutMs });
  log.end();
  await Promise.all(all.map(({ ended }) => ended));
});

test('the lease store down while one instance reads all: it stops, and reads on when the store is back', async () => {
  let down = false;
  const real = memoryLease();
  const lease: Lease = new Proxy(real, {
    get: (of, name, receiver) =>
      down && name !== Symbol.asyncDispose
        ? async () => Promise.reject(unavailable())
        : Reflect.get(of, name, receiver),
  });
  const { log, instance } = service(['a', 'b'], { lease, ttlMs: 400, share: 'source' });
  const only = instance();
  log.grow(10);
  await waitFor(() => only.sink.events.length === 20, { what: 'all events', timeoutMs });
  down = true;
  await waitFor(async () => (await real.holders('')).length === 0, { what: 'the term to end', timeoutMs });
  log.grow(10);
  await waitFor(() => only.running.state === 'starting', { what: 'it to stand by', timeoutMs });
  expect(only.sink.events.length).toBe(20);
  down = false;
  log.end();
  await only.ended;
  for (const lane of ['a', 'b']) expect(ofLane([only], lane)).toEqual(upTo(20));
});

test('a lease store that is away when an instance starts shows in its report, and it begins once the store is there', async () => {
  const real = memoryLease();
  let down = true;
  const lease: Lease = {
    ...real,
    acquire: (...given) => (down ? Promise.reject(unavailable()) : real.acquire(...given)),
  };
  const { log, instance } = service(['a', 'b'], { lease });
  const one = instance();
  await waitFor(() => one.running.report().health.trouble, { what: 'the trouble to show', timeoutMs });
  expect(one.running.report()).toMatchObject({
    health: { trouble: { code: 'STORE_PG_UNAVAILABLE' } },
    lastError: { code: 'STORE_PG_UNAVAILABLE' },
  });
  down = false;
  log.grow(3);
  await waitFor(() => one.sink.events.length === 6, { what: 'all to be written', timeoutMs });
  await one.running.drain();
  await one.ended;
});

test('lanes that wait for others are refused where lanes are shared out', async () => {
  const source = {
    ...new ManyLanes(['a']).source(),
    open: async (ctx: Parameters<ReturnType<ManyLanes['source']>['open']>[0]) => {
      const session = await new ManyLanes(['a', 'b']).source().open(ctx);
      return {
        ...session,
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
        async *lanes() {
          for await (const reader of session.lanes()) yield { ...reader, after: ['snapshot'] };
        },
      };
    },
  };
  const running = pipeline('dependent')
    .from(leasedSource(source, { lease: memoryLease(), share: 'lanes' }))
    .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints(), retry });
  await expect(running.run()).rejects.toMatchObject({ code: 'LEASE_LANES_DEPEND' });
});

test('options are checked at once, by name', () => {
  const memory = memorySource();
  const make = (more: object) => () => leasedSource(memory, { lease: memoryLease(), share: 'source', ...more });
  for (const [option, value] of [
    ['lease', {}],
    ['share', 'half'],
    ['name', 'a/b'],
    ['ttlMs', 0],
    ['pollMs', Number.NaN],
    ['graceMs', -1],
    ['ttl', 1],
  ] as const) {
    expect(make({ [option]: value }), option).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(option) }),
    );
  }
});
