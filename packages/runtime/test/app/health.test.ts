import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CheckpointStore, ComponentError, type Sink } from '@sluice/contracts';
import { virtualTime, waitFor } from '@sluice/testkit';
import express from 'express';
import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import {
  type App,
  type AppOptions,
  app,
  memoryCheckpoints,
  memorySink,
  memorySource,
  pipeline,
} from '../../src/index.js';
import type { Numbered } from '../support/events.js';
import {
  batches,
  batchOf,
  gate,
  place,
  scriptedLane,
  scriptedSource,
  sinkOf,
  until,
} from '../support/scripted-source.js';

const notice = () => {};
const named = (name: string, checkpoints: CheckpointStore = memoryCheckpoints()) =>
  pipeline(name, { notice }).from(batches(1)).to(memorySink<Numbered>(), { checkpoints });

/** An app that runs until the end of the test. */
function started(parts: AppOptions['parts'], more: Partial<AppOptions> = {}): App {
  const service = app({ parts, signals: [], notice, drainTimeoutMs: 0, ...more });
  service.run().catch(() => 'seen by the test where it matters');
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

const running = (service: App) => waitFor(() => service.state === 'running', { what: 'the app' });

test('a server of its own serves the pages on loopback and tells where', async () => {
  const service = started([named('orders')], { name: 'shop', health: { port: 0 } });
  await running(service);
  expect(service.healthUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const ready = await fetch(`${service.healthUrl}/ready?verbose`);
  expect(ready.status).toBe(200);
  expect(ready.headers.get('cache-control')).toBe('no-store');
  expect(await ready.json()).toEqual({
    app: 'shop',
    ready: true,
    state: 'running',
    reasons: [],
    pipelines: { orders: { state: 'running', health: expect.stringMatching(/idle|working/) } },
  });
  const live = await fetch(`${service.healthUrl}/live`);
  expect([live.status, await live.json()]).toEqual([200, { app: 'shop', live: true, state: 'running' }]);
  const url = service.healthUrl;
  await service.stop();
  expect(service.healthUrl).toBeUndefined();
  await expect(fetch(`${url}/live`)).rejects.toThrow();
});

test('HEAD has no body; another path is 404, another method 405', async () => {
  const service = started([named('orders')], { health: { port: 0 } });
  await running(service);
  const head = await fetch(`${service.healthUrl}/ready`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0);
  for (const path of ['/', '/live/', '/constructor', '/ready/../live2']) {
    expect((await fetch(`${service.healthUrl}${path}`)).status).toBe(404);
  }
  const post = await fetch(`${service.healthUrl}/live`, { method: 'POST', body: 'x' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('a port that is taken fails the start, and says so', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await expect(app({ parts: [named('orders')], signals: [], health: { port } }).run()).rejects.toMatchObject({
    code: 'APP_PART_FAILED',
    message: expect.stringContaining('EADDRINUSE'),
    details: { part: 'health', code: 'APP_HEALTH_PORT' },
  });
});

test('the pages are there while it starts and while it drains, and say why they say no', async () => {
  const opening = gate();
  const stopping = gate();
  const pool = { name: 'pool', start: () => opening.promise, stop: () => stopping.promise };
  const service = started([pool, named('orders')], { name: 'shop', health: { port: 0 }, drainTimeoutMs: 60_000 });
  await waitFor(() => service.healthUrl, { what: 'the pages' });
  const ready = async () => {
    const response = await fetch(`${service.healthUrl}/ready`);
    const { reasons } = (await response.json()) as { reasons: { part: string; kind: string }[] };
    return [response.status, ...reasons.map(({ part, kind }) => `${part} ${kind}`)];
  };
  expect(await ready()).toEqual([503, 'shop starting', 'orders starting']);
  expect((await fetch(`${service.healthUrl}/live`)).status).toBe(200);
  opening.resolve();
  await running(service);
  expect(await ready()).toEqual([200]);
  const stopped = service.stop();
  await waitFor(() => service.state === 'draining', { what: 'the drain' });
  expect((await ready()).slice(0, 2)).toEqual([503, 'shop draining']);
  stopping.resolve();
  await stopped;
});

test('a service says itself why it is not ready', async () => {
  let reason: string | undefined = 'the cache is cold';
  const service = started([{ name: 'cache', notReady: () => reason }]);
  await running(service);
  expect(service.health()).toMatchObject({
    ready: false,
    reasons: [{ part: 'cache', kind: 'not-ready', text: reason }],
  });
  reason = undefined;
  expect(service.health().ready).toBe(true);
});

test('while the checkpoint store is down for a minute, ready says so; afterwards nothing is lost and all goes on', async () => {
  using time = virtualTime();
  const inner = memoryCheckpoints();
  let down = false;
  const refuse = <T>(work: () => Promise<T>): Promise<T> =>
    down
      ? Promise.reject(new ComponentError('TEST_STORE_DOWN', 'no connection', { retry: 'backoff', advice: 'start it' }))
      : work();
  const store: CheckpointStore = {
    acquire: (...parts) => refuse(() => inner.acquire(...parts)),
    load: (name) => refuse(() => inner.load(name)),
    save: (writes) => refuse(() => inner.save(writes)),
    [Symbol.asyncDispose]: async () => {},
  };
  const written = memorySink<Numbered>();
  const orders = pipeline('orders', { notice })
    .from(ticking())
    .to(written, { checkpoints: store, retry: { maxMs: 2_000 } });
  const service = app({ parts: [orders], signals: [], notice });
  const ended = service.run();
  await time.until(() => service.health().ready && written.events.length > 5, { what: 'the app at work' });
  down = true;
  await time.advance(1_500);
  expect(service.health().ready).toBe(true); // a hiccup is no reason
  await time.advance(28_500);
  for (let look = 0; look < 30; look += 1) {
    const { ready, live, reasons } = service.health();
    expect([ready, live]).toEqual([false, true]);
    expect(reasons[0]).toMatchObject({ part: 'orders', code: 'TEST_STORE_DOWN', advice: 'start it' });
    await time.advance(1_000);
  }
  down = false;
  await time.until(() => service.health().ready, { what: 'ready again', withinMs: 10_000 });
  const upTo = written.events.length + 5;
  await time.until(() => written.events.length >= upTo, { what: 'more events', withinMs: 10_000 });
  const numbers = new Set(written.events.map(({ data }) => data?.n));
  expect([...numbers].sort((a = 0, b = 0) => a - b)).toEqual(Array.from(numbers, (_, n) => n));
  const stopping = service.stop();
  await time.until(() => service.state === 'stopped', { what: 'the end' });
  expect(await stopping).toMatchObject({ complete: true });
  await ended;
});

test('a stall takes the app off ready after a minute, and off live after five more', async () => {
  using time = virtualTime();
  const orders = pipeline('orders', { notice })
    .from(batches(1))
    .to(
      sinkOf(() => new Promise(() => {})),
      { checkpoints: memoryCheckpoints() },
    );
  const service = app({ parts: [orders], signals: [], notice, drainTimeoutMs: 0 });
  const ended = service.run();
  await time.advance(50_000);
  expect(service.health()).toMatchObject({ ready: true, live: true });
  await time.advance(30_000);
  expect(service.health()).toMatchObject({
    ready: false,
    live: true,
    reasons: [{ part: 'orders', kind: 'stalled', text: expect.stringContaining('sink given holds 1') }],
  });
  await time.advance(5 * 60_000);
  expect(service.health()).toMatchObject({ ready: false, live: false });
  void service.stop();
  await time.until(() => service.state === 'stopped', { what: 'the end' });
  await ended;
});

test('of a pipeline with branches, the one that stands still is named, and what it gave up', async () => {
  using time = virtualTime();
  const source = memorySource<number>();
  source.push({ key: 'a', data: 1 }, { key: 'b', data: 2 });
  const good = memorySink<number>({ name: 'good' });
  const stuck: Sink<number> = {
    name: 'stuck',
    features: { delivery: 'plain' },
    open: async () => ({ write: () => new Promise(() => {}), async [Symbol.asyncDispose]() {} }),
  };
  const checkpoints = memoryCheckpoints();
  const routed = pipeline('orders', { notice })
    .from(source)
    .route({
      good: (branch) => branch.to(good, { checkpoints }),
      stuck: (branch) => branch.to(stuck, { checkpoints }),
    });
  const service = app({ parts: [routed], signals: [], notice, drainTimeoutMs: 0 });
  const ended = service.run();
  await time.advance(90_000);
  expect(service.health()).toMatchObject({
    ready: false,
    reasons: [{ part: 'orders/stuck', kind: 'stalled' }],
    pipelines: { 'orders/good': { health: 'idle' }, 'orders/stuck': { health: 'stalled' } },
  });
  const stopping = service.stop();
  await time.until(() => service.state === 'stopped', { what: 'the end' });
  expect((await stopping).pipelines).toMatchObject([{ name: 'orders', outcome: 'gave-up' }]);
  expect([...((await stopping).pipelines[0]?.givenUp.values() ?? [])]).toEqual([2]);
  await ended;
});

test('no row value and no text of a foreign error reaches the pages', async () => {
  const failing = pipeline('orders', { notice })
    .from(batches(1))
    .to(
      sinkOf(() => Promise.reject(new Error('duplicate key (email)=(ada@example.org)'))),
      { checkpoints: memoryCheckpoints(), retry: { initialMs: 1, maxMs: 1 } },
    );
  const service = started([failing]);
  await waitFor(() => failing.report().lastError, { what: 'the failure' });
  expect(JSON.stringify(service.health())).not.toContain('ada@');
});

test('the handler mounts into node:http, Express and Fastify', async () => {
  const service = started([named('orders')]);
  await running(service);
  const plain = createServer(service.handler);
  const inExpress = express();
  inExpress.use('/health', service.handler);
  const expressServer = createServer(inExpress);
  const inFastify = fastify();
  inFastify.get('/ready', (request, reply) => {
    reply.hijack();
    service.handler(request.raw, reply.raw);
  });
  await inFastify.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => inFastify.close());
  for (const server of [plain, expressServer]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
  }
  const portOf = (address: unknown) => (address as AddressInfo).port;
  for (const [port, path] of [
    [portOf(plain.address()), '/ready'],
    [portOf(expressServer.address()), '/health/ready'],
    [portOf(inFastify.server.address()), '/ready'],
  ] as const) {
    expect(await get(port, path)).toMatchObject({ status: 200, body: { ready: true } });
  }
});

/** A source of one event a second, from where the checkpoint stands. */
function ticking() {
  return scriptedSource(async function* ({ checkpoints }, closed) {
    yield scriptedLane('a', async function* () {
      for (let n = place(checkpoints.get('a')?.position); ; n += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        yield batchOf('a', n, n + 1);
      }
    });
    await until(closed);
  });
}

/** Without keep-alive, so that servers close at once. */
function get(port: number, path: string): Promise<{ status: number | undefined; body: unknown }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, host: '127.0.0.1', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
    });
    sent.on('error', reject).end();
  });
}

test('a service that can not say whether it is ready is not, and the page is served all the same', async () => {
  const service = started([
    {
      name: 'broken',
      notReady: () => {
        throw new TypeError('hush');
      },
    },
    { name: 'odd', notReady: () => 5 as never },
  ]);
  await waitFor(() => service.state === 'running', { what: 'the app' });
  const { ready, live, reasons } = service.health();
  expect([ready, live]).toEqual([false, true]);
  expect(reasons.map(({ part }) => part)).toEqual(['broken', 'odd']);
  expect(JSON.stringify(reasons)).not.toContain('hush');
});
