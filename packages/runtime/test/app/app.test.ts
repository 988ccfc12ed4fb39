import { ComponentError, type Sink } from '@sluice/contracts';
import { virtualTime, waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  app,
  memoryCheckpoints,
  memorySink,
  memorySource,
  type Notice,
  pipeline,
  type Service,
} from '../../src/index.js';
import type { Numbered } from '../support/events.js';
import { batches, sinkOf, until } from '../support/scripted-source.js';

const retry = { initialMs: 1, maxMs: 1 };
const quiet = () =>
  pipeline('quiet', {}).from(batches(0)).to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() });
const named = (name: string, sink: Sink<Numbered> = memorySink<Numbered>(), count = 1) =>
  pipeline(name, { notice: () => {} })
    .from(batches(count))
    .to(sink, { checkpoints: memoryCheckpoints(), retry });

/** A service that writes down what happens to it. */
function noted(name: string, log: string[], more: Partial<Service> = {}): Service {
  return {
    name,
    start: () => void log.push(`${name} starts`),
    stop: () => void log.push(`${name} stops`),
    ...more,
  };
}

test('parts start in order and stop in reverse, those of a group side by side', async () => {
  const log: string[] = [];
  const late = noted('b', log, {
    async start() {
      await new Promise((resolve) => setImmediate(resolve));
      log.push('b starts');
    },
  });
  const service = app({ parts: [noted('a', log), [late, noted('c', log)], noted('d', log)], signals: [] });
  const ended = service.run();
  await waitFor(() => service.state === 'running', { what: 'the app' });
  expect(log).toEqual(['a starts', 'c starts', 'b starts', 'd starts']);
  log.length = 0;
  expect(await service.stop()).toMatchObject({ reason: 'stop', complete: true, forced: false });
  await ended;
  expect(log).toEqual(['d stops', 'b stops', 'c stops', 'a stops']);
  expect(service.state).toBe('stopped');
});

test('a part starts only once the pipelines before it run', async () => {
  const running = named('orders');
  let stateAtStart: string | undefined;
  const http: Service = {
    name: 'http',
    start() {
      stateAtStart = running.state;
    },
  };
  const service = app({ parts: [running, http], signals: [] });
  const ended = service.run();
  await waitFor(() => service.state === 'running', { what: 'the app' });
  expect(stateAtStart).toBe('running');
  await service.stop();
  await ended;
});

test('a start that fails stops what was started, and says which part it was', async () => {
  const log: string[] = [];
  const orders = named('orders');
  const failing = noted('http', log, { start: () => Promise.reject(new Error('port 80 is taken')) });
  const service = app({ parts: [noted('pool', log), orders, failing, noted('never', log)], signals: [] });
  await expect(service.run()).rejects.toMatchObject({
    code: 'APP_PART_FAILED',
    message: expect.stringContaining('http: port 80 is taken'),
  });
  expect(log).toEqual(['pool starts', 'pool stops']);
  expect([service.state, orders.state]).toEqual(['failed', 'stopped']);
});

test('a pipeline that fails ends the app; the others are drained first', async () => {
  const written = memorySink<Numbered>();
  const healthy = named('healthy', written, 3);
  const broken = named(
    'broken',
    sinkOf(async () => {
      await waitFor(() => written.events.length > 0, { what: 'the other pipeline at work' });
      throw new ComponentError('TEST_BROKEN', 'gone', { retry: 'operator', advice: 'mend it' });
    }),
  );
  const service = app({ parts: [[healthy, broken]], signals: [] });
  await expect(service.run()).rejects.toMatchObject({
    code: 'APP_PART_FAILED',
    retry: 'operator',
    advice: 'mend it',
    details: { part: 'broken', code: 'TEST_BROKEN' },
  });
  expect(written.events).toHaveLength(15);
  expect([healthy.state, broken.state]).toEqual(['stopped', 'failed']);
  const { reason, pipelines } = await service.stop();
  expect(reason).toBe('failed');
  expect(Object.fromEntries(pipelines.map(({ name, outcome }) => [name, outcome]))).toEqual({
    healthy: 'settled',
    broken: 'failed',
  });
});

test('a service that fails while it runs ends the app', async () => {
  const job: Service = { name: 'job', run: () => Promise.reject(new Error('no')) };
  await expect(app({ parts: [quiet(), job], signals: [] }).run()).rejects.toMatchObject({
    code: 'APP_PART_FAILED',
    details: { part: 'job', code: 'UNKNOWN' },
  });
});

test('an app whose sources have all ended is done; one that is left goes on', async () => {
  const finite = (name: string) => {
    const source = memorySource<number>();
    source.push({ key: 'a', data: 1 });
    source.end();
    return pipeline(name).from(source).to(memorySink<number>(), { checkpoints: memoryCheckpoints() });
  };
  expect(await app({ parts: [finite('one'), finite('two')], signals: [] }).run()).toMatchObject({
    reason: 'ended',
    complete: true,
  });
  const one = finite('one');
  const service = app({ parts: [one, quiet()], signals: [] });
  const ended = service.run();
  await waitFor(() => one.state === 'stopped' && service.state === 'running', { what: 'one of two to end' });
  expect(service.health().ready).toBe(true);
  await service.stop();
  await ended;
});

test('SIGTERM drains; the listeners are gone afterwards', async () => {
  const listeners = () => ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal));
  const before = listeners();
  const written = memorySink<Numbered>();
  const service = app({ parts: [named('orders', written, 3)] });
  const ended = service.run();
  await waitFor(() => written.events.length === 15, { what: 'the events' });
  expect(listeners()).toEqual(before.map((count) => count + 1));
  process.kill(process.pid, 'SIGTERM');
  expect(await ended).toMatchObject({ reason: 'SIGTERM', complete: true });
  expect(listeners()).toEqual(before);
});

test('a signal while it starts stops what was begun', async () => {
  const log: string[] = [];
  const hanging = noted('slow', log, {
    start: (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  });
  const opening = pipeline('opening')
    .from({ ...batches(0), open: () => new Promise<never>(() => {}) })
    .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints() });
  const service = app({ parts: [[hanging, opening], noted('never', log)], drainTimeoutMs: 100 });
  const ended = service.run();
  await waitFor(() => opening.state === 'starting', { what: 'the start' });
  process.kill(process.pid, 'SIGINT');
  expect(await ended).toMatchObject({ reason: 'SIGINT', complete: true });
  expect(log).toEqual(['slow stops']);
});

test('what a deadline gave up is reported by pipeline and lane, and told once', async () => {
  const hangs = sinkOf((_, { signal }) => until(signal).then(() => Promise.reject(new Error('aborted'))));
  const notices: Notice[] = [];
  const orders = named('orders', hangs, 2);
  const stuck: Service = { name: 'stuck', stop: () => new Promise(() => {}) };
  const service = app({
    name: 'shop',
    parts: [stuck, [orders, named('mails')]],
    drainTimeoutMs: 50,
    signals: [],
    notice: (notice) => notices.push(notice),
  });
  const ended = service.run();
  await waitFor(() => orders.report().counters.received === 10, { what: 'the events' });
  const report = await service.stop();
  expect(report).toMatchObject({ complete: false, unstopped: [{ name: 'stuck', code: 'APP_STOP_TIMEOUT' }] });
  expect(report.pipelines.find(({ name }) => name === 'orders')).toEqual({
    name: 'orders',
    outcome: 'gave-up',
    givenUp: new Map([['a', 10]]),
  });
  expect(report.pipelines.find(({ name }) => name === 'mails')?.outcome).toBe('settled');
  expect(notices).toEqual([
    {
      pipeline: 'shop',
      code: 'APP_GAVE_UP',
      message: expect.stringMatching(/10 events of orders, lane a; stuck did not/),
    },
  ]);
  expect(await ended).toBe(report);
});

test('nothing is told when nothing was given up', async () => {
  const notices: Notice[] = [];
  const service = app({ parts: [named('orders')], signals: [], notice: (notice) => notices.push(notice) });
  const ended = service.run();
  await waitFor(() => service.state === 'running', { what: 'the app' });
  await service.stop();
  await ended;
  expect(notices).toEqual([]);
});

test('a second signal ends the waiting at once', async () => {
  const orders = named(
    'orders',
    sinkOf(() => new Promise(() => {})),
    2,
  );
  const service = app({ parts: [orders], drainTimeoutMs: 600_000, notice: () => {} });
  const ended = service.run();
  await waitFor(() => orders.report().counters.received === 10, { what: 'the events' });
  process.kill(process.pid, 'SIGTERM');
  await waitFor(() => service.state === 'draining', { what: 'the drain' });
  process.kill(process.pid, 'SIGTERM');
  expect(await ended).toMatchObject({
    reason: 'SIGTERM',
    forced: true,
    complete: false,
    pipelines: [{ name: 'orders', outcome: 'late' }],
  });
});

test('a sink that hangs does not hold the end much longer than the deadline', async () => {
  using time = virtualTime();
  const orders = named(
    'orders',
    sinkOf(
      () => new Promise(() => {}),
      () => new Promise(() => {}),
    ),
    2,
  );
  const service = app({ parts: [orders], drainTimeoutMs: 20_000, signals: [], notice: () => {} });
  const ended = service.run();
  await time.until(() => orders.report().counters.received === 10, { what: 'the events' });
  const began = time.now();
  void service.stop();
  let over = false;
  void ended.then(() => {
    over = true;
  });
  await time.until(() => over, { what: 'the end' });
  expect(time.now() - began).toBeLessThanOrEqual(28_000);
  expect((await ended).pipelines).toEqual([{ name: 'orders', outcome: 'gave-up', givenUp: new Map([['a', 10]]) }]);
});

test('a start that takes too long fails it, naming the parts that are not started', async () => {
  const service = app({
    parts: [
      {
        name: 'slow',
        start: (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
      },
    ],
    startTimeoutMs: 20,
    signals: [],
  });
  await expect(service.run()).rejects.toMatchObject({
    code: 'APP_PART_FAILED',
    details: { part: 'slow', code: 'APP_START_TIMEOUT' },
  });
});

test('stop on an app that was never run starts nothing, and it can be used once', async () => {
  const log: string[] = [];
  const service = app({ parts: [noted('a', log)], signals: [] });
  expect(await service.stop()).toMatchObject({ reason: 'stop', complete: true });
  expect(log).toEqual([]);
  await expect(service.run()).rejects.toMatchObject({ code: 'APP_STATE' });
});

test.for([
  ['no parts', { parts: [] }, '`parts`'],
  ['two of one name', { parts: [{ name: 'a' }, { name: 'a' }] }, 'two of the name a'],
  ['no name', { parts: [{}] }, 'with a name'],
  ['a port out of range', { parts: [{ name: 'a' }], health: { port: 70_000 } }, '`health.port`'],
  ['an endless drain', { parts: [{ name: 'a' }], drainTimeoutMs: Number.POSITIVE_INFINITY }, '`drainTimeoutMs`'],
  ['an unknown option', { parts: [{ name: 'a' }], drainTimeout: 1 }, '`drainTimeout`'],
] as const)('%s is refused at construction', ([, options, message]) => {
  expect(() => app(options as never)).toThrow(message);
});

test('the text of an error of a service is told without the password of a URL in it', async () => {
  const broken = app({
    signals: [],
    notice: () => {},
    parts: [
      {
        name: 'pool',
        start: () =>
          Promise.reject(new TypeError('Failed to parse URL from postgres://me:hu/s@h@db:5432/shop and so on')),
      },
    ],
  });
  const error = await broken.run().catch((cause: unknown) => cause as Error);
  expect(String(error)).toContain('Failed to parse URL from postgres://[secret]@db:5432/shop and so on');
});
