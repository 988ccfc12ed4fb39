import { Writable } from 'node:stream';
import { ComponentError } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { HttpProblem } from '../../src/http/errors.js';
import { NotReady } from '../../src/http/health.js';
import { type HttpServiceOptions, httpService } from '../../src/http/http-service.js';
import { type LogLevel, openLog } from '../../src/http/log.js';
import { call } from '../support/answers.js';
import { rawConnection } from '../support/raw-connection.js';

/** A service with a few routes, on a port; and what it has logged. */
async function service(options: Partial<HttpServiceOptions> & { readonly level?: LogLevel } = {}) {
  const { level = 'warn', ...rest } = options;
  let logged = '';
  const stream = new Writable({
    write(chunk, _, done) {
      logged += chunk;
      done();
    },
  });
  const app = await httpService({ name: 'sample', readiness: {}, log: openLog({ level, stream }), ...rest });
  const body = z.object({ name: z.string().min(1), count: z.int().default(1) });
  const params = z.object({ id: z.coerce.number().int() });
  app.post('/things/:id', { schema: { body, params, response: { 200: body } } }, async ({ body }) => body);
  app.get('/address', async ({ ip }) => ({ ip }));
  const failures: Record<string, () => Error> = {
    bug: () => new TypeError('secret detail'),
    parsing: () => new SyntaxError('secret detail'),
    database: () => Object.assign(new Error('connect ECONNREFUSED 10.1.2.3'), { code: 'ECONNREFUSED' }),
    component: () => new ComponentError('OBJECT_KEY_INVALID', 'x'),
    problem: () => new HttpProblem(409, 'Taken'),
  };
  const which = z.object({ which: z.string() });
  app.get('/fail/:which', { schema: { params: which } }, async ({ params }) => {
    throw failures[params.which]?.() ?? new Error('?token=abc123');
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  return { url, app, logged: () => logged };
}

test('one schema validates, gives defaults, and is the OpenAPI page', async () => {
  const { url } = await service();
  expect((await call(`${url}/things/7`, 'POST', { name: 'a' })).body).toEqual({ name: 'a', count: 1 });
  const bad = await call(`${url}/things/x`, 'POST', { name: 'a' });
  expect([bad.status, bad.body.detail[0].loc]).toEqual([422, ['path', 'id']]);
  const { body: document } = await call(`${url}/docs/json`, 'GET');
  expect(document.paths['/things/{id}'].post.requestBody.content['application/json'].schema.properties).toHaveProperty(
    'name',
  );
  expect((await call(`${url}/docs`, 'GET')).text).toContain('<title>Swagger UI</title>');
});

test.each([
  ['no JSON', '{', 'application/json', 422],
  ['an empty body', '', 'application/json', 422],
  ['another shape', '[1]', 'application/json', 422],
  ['what a form of another site sends', 'name=a', 'text/plain', 415],
  ['too much', JSON.stringify({ name: 'x'.repeat(70_000) }), 'application/json', 413],
])('%s is answered %s with a detail, and no stack', async (_, body, type, status) => {
  const { url } = await service();
  const answer = await call(`${url}/things/1`, 'POST', body, { 'content-type': type });
  expect(answer.status).toBe(status);
  expect(Object.keys(answer.body)).toEqual(['detail']);
  if (status === 422) expect(Object.keys(answer.body.detail[0])).toEqual(['type', 'loc', 'msg', 'input']);
  expect(answer.text).not.toMatch(/\.(js|ts):\d/);
});

test('what is repeated of a wrong input is short, however large and deep that was', async () => {
  const { url } = await service({ limits: { bodyBytes: 1_000_000 } });
  const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`x${n}`, 'y'.repeat(50)]));
  for (const body of [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, { name: wide }, `"${'x'.repeat(100_000)}"`]) {
    const answer = await call(`${url}/things/1`, 'POST', body);
    expect(answer.status).toBe(422);
    expect(answer.text.length).toBeLessThan(5_000);
  }
  expect((await call(`${url}/things/${'7'.repeat(5_000)}x`, 'POST', { name: 'a' })).body.detail[0].loc).toEqual([
    'path',
    'id',
  ]);
});

test('an error says no more than it must: a bug is a 500, what goes away by itself a 503', async () => {
  const { url, logged } = await service();
  const statuses: Record<string, number> = {
    bug: 500,
    parsing: 500,
    database: 503,
    component: 500,
    problem: 409,
    other: 500,
  };
  for (const [which, status] of Object.entries(statuses)) {
    const answer = await call(`${url}/fail/${which}`, 'GET');
    expect([which, answer.status]).toEqual([which, status]);
    expect(answer.text).not.toMatch(/secret detail|10\.1\.2\.3|stack|at /);
  }
  expect((await call(`${url}/fail/problem`, 'GET')).body).toEqual({ detail: 'Taken' });
  expect((await call(`${url}/fail/database`, 'GET')).headers.get('retry-after')).toBe('1');
  expect(logged()).toContain('secret detail');
  expect(logged()).not.toContain('abc123');
});

test('a path that is unknown or cannot be read is answered in the same shape', async () => {
  const { url } = await service();
  expect(await call(`${url}/nothing`, 'GET')).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
  expect(await call(`${url}/fail/%zz`, 'GET')).toMatchObject({ status: 400, body: { detail: expect.any(String) } });
});

test('a request id is taken when it is short and plain, and made when it is not', async () => {
  const { url } = await service();
  const idFor = async (id: string) =>
    (await call(`${url}/health/live`, 'GET', undefined, { 'x-request-id': id })).headers.get('x-request-id');
  expect(await idFor('abc-1.2_3')).toBe('abc-1.2_3');
  for (const id of ['x'.repeat(65), 'a b', '{"a":1}']) expect(await idFor(id)).toMatch(/^[0-9a-f-]{36}$/);
});

test('at level info each request is one line of JSON, without bodies and queries; by default there is none', async () => {
  const quiet = await service();
  await call(`${quiet.url}/health/live`, 'GET');
  const { url, logged } = await service({ level: 'info' });
  const headers = { authorization: 'Bearer hunter2', 'x-request-id': 'r1' };
  await call(`${url}/things/1?token=hunter2&access_token=hunter2&x=1`, 'POST', { name: 'hunter2' }, headers);
  await waitFor(() => logged().includes('"msg":"request"'), { what: 'the line of the request' });
  const lines = logged()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === 'request');
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'info',
      service: 'sample',
      reqId: 'r1',
      method: 'POST',
      url: '/things/1',
      status: 200,
      ms: expect.any(Number),
    }),
  ]);
  expect(logged()).not.toContain('hunter2');
  expect(quiet.logged()).toBe('');
});

test('what is named like a secret is hidden, wherever it stands', async () => {
  let logged = '';
  const stream = new Writable({
    write(chunk, _, done) {
      logged += chunk;
      done();
    },
  });
  const log = openLog({ stream }).child({ service: 'sample' });
  const error = Object.assign(new Error('postgres://u:hunter2@host/db'), { detail: 'Key (email)=(hunter2)' });
  log.warn({ err: error, headers: { authorization: 'hunter2' }, a: { b: { accessToken: 'hunter2' } } }, 'failed');
  log.error({ url: 'http://x/ws/1?token=hunter2', dbPassword: 'hunter2', kept: 'seen' });
  expect(logged).not.toContain('hunter2');
  expect(logged).toContain('seen');
  expect(logged.split('[hidden]')).toHaveLength(7);
});

test('metrics count requests by the template of their route', async () => {
  const { url } = await service();
  for (const id of [1, 2, 3]) await call(`${url}/things/${id}`, 'POST', { name: 'a' });
  await call(`${url}/nothing/1`, 'GET');
  const series = 'http_request_duration_seconds_count{method="POST",route="/things/:id",status="200"} 3';
  await waitFor(async () => (await call(`${url}/metrics`, 'GET')).text.includes(series), { what: 'the counts' });
  const { text, headers } = await call(`${url}/metrics`, 'GET');
  expect(text).toContain('route="none",status="404"} 1');
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).not.toContain('/things/1');
  expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
});

test('readiness names what is down and why, and takes no password along', async () => {
  const readiness = {
    database: async () => {
      throw Object.assign(new Error('postgres://u:hunter2@host failed'), { code: 'ECONNREFUSED' });
    },
    changes: async () => {
      throw new NotReady('starting');
    },
    objects: async () => undefined,
  };
  const { url } = await service({ readiness });
  expect((await call(`${url}/health/live`, 'GET')).body).toEqual({ status: 'alive' });
  expect(await call(`${url}/health/ready`, 'GET')).toMatchObject({
    status: 503,
    body: {
      status: 'unavailable',
      down: ['database', 'changes'],
      reasons: { database: 'ECONNREFUSED', changes: 'starting' },
    },
  });
  expect((await call(`${(await service()).url}/health/ready`, 'GET')).body).toEqual({ status: 'ready' });
});

test('a client that sends its headers slowly, or its body, is answered 408 and cut off', async () => {
  const { url } = await service({ limits: { headersMs: 200, requestMs: 400 } });
  expect(await rawConnection(url, 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: ')).toMatch(/^HTTP\/1\.1 408 .*"detail"/s);
  const head =
    'POST /things/1 HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"na';
  expect(await rawConnection(url, head)).toMatch(/^HTTP\/1\.1 408 /);
});

test('a request that does not come to its end does not keep the service from closing', async () => {
  const { url, app } = await service({ limits: { farewellMs: 100 } });
  const cutOff = rawConnection(
    url,
    'POST /things/1 HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"na',
  );
  await waitFor(() => new Promise((resolve) => app.server.getConnections((_, count) => resolve(count === 1))), {
    what: 'the connection',
  });
  await call(`${url}/health/live`, 'GET');
  await app.close();
  await cutOff;
});

test('too large a head is a 431, and what is no HTTP a 400', async () => {
  const { url } = await service();
  expect(await rawConnection(url, `GET / HTTP/1.1\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  expect(await rawConnection(url, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
});

test('a page whose name was made to point here gets nothing, from any service', async () => {
  const { url } = await service({ allowedHosts: ['document.internal'] });
  const ask = (host: string) =>
    rawConnection(url, `GET /address HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 403 /);
  expect(await ask('document.internal:8005')).toMatch(/^HTTP\/1\.1 200 /);
});

test('X-Forwarded-For is believed from a trusted proxy, and from nobody else', async () => {
  const headers = { 'x-forwarded-for': '9.9.9.9, 203.0.113.7' };
  const open = await service();
  expect((await call(`${open.url}/address`, 'GET', undefined, headers)).body).toEqual({ ip: '127.0.0.1' });
  const behind = await service({ trustedProxies: ['127.0.0.0/8'] });
  expect((await call(`${behind.url}/address`, 'GET', undefined, headers)).body).toEqual({ ip: '203.0.113.7' });
});
