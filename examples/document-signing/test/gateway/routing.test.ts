import { expect, test } from 'vitest';
import { call } from '../support/answers.js';
import { gateway, replica } from '../support/gateway.js';

const id = '01890000-0000-7000-8000-000000000000';

test.each([
  ['/documents', 'document'],
  ['/documents?skip=1', 'document'],
  [`/documents/${id}`, 'document'],
  [`/documents/${id}/content`, 'document'],
  [`/documents/${id}/stats`, 'document'],
  [`/documents/${id}/signatures`, 'signature'],
  [`/documents/${id}/activity`, 'realtime'],
  ['/signatures', 'signature'],
  [`/signatures/${id}`, 'signature'],
  ['/search?q=lease', 'search'],
  ['/suggest?q=le', 'search'],
  ['/aggregations/status', 'search'],
  ['/auth/token', 'realtime'],
  ['/stats', 'realtime'],
])('%s is answered by the %s service, at its own address', async (path, name) => {
  const { url } = await gateway();
  const { status, body } = await call(`${url}${path}`, 'GET');
  expect([status, body.service, body.url]).toEqual([200, name, path]);
});

test('the page is at /, an unknown path is a 404 in JSON', async () => {
  const { url } = await gateway();
  const page = await call(`${url}/`, 'GET');
  expect(page.text).toContain('<title>Documents</title>');
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
  expect(await call(`${url}/nothing`, 'GET')).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
  expect((await call(`${url}/..%2f..%2fetc/passwd`, 'GET')).status).toBe(404);
});

test('a body reaches a service of this process and a replica as it was sent', async () => {
  const one = await replica('one');
  const { url } = await gateway({ upstreams: { signature: { replicas: [one.url] } } });
  const sent = { text: 'x'.repeat(50_000) };
  for (const path of ['/documents', '/signatures']) {
    const { body } = await call(`${url}${path}?a=b`, 'POST', sent);
    expect(body).toMatchObject({ method: 'POST', url: `${path}?a=b`, bytes: JSON.stringify(sent).length });
  }
  expect((await call(`${url}/signatures/x`, 'DELETE')).body).toMatchObject({ service: 'one', method: 'DELETE' });
});

test('every answer has a request id, the one that the service knows it by', async () => {
  const one = await replica('one');
  const { url } = await gateway({ upstreams: { signature: { replicas: [one.url] } } });
  for (const path of ['/documents', '/signatures']) {
    const made = await call(`${url}${path}`, 'GET');
    expect(made.headers.get('x-request-id')).toBe(made.body.id);
    const given = await call(`${url}${path}`, 'GET', undefined, { 'x-request-id': 'mine' });
    expect([given.headers.get('x-request-id'), given.body.id]).toEqual(['mine', 'mine']);
  }
  for (const path of ['/', '/nothing', '/health/live']) {
    expect((await call(`${url}${path}`, 'GET')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('every answer says that no other site may read or frame it', async () => {
  const one = await replica('one');
  const { url } = await gateway({ upstreams: { signature: { replicas: [one.url] } } });
  for (const path of ['/', '/documents', '/signatures', '/nothing']) {
    const { headers } = await call(`${url}${path}`, 'GET');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  }
});

test('it is ready when every service is', async () => {
  const { url } = await gateway();
  expect((await call(`${url}/health/ready`, 'GET')).body).toEqual({ status: 'ready' });
  const gone = await replica('gone');
  await gone.kill();
  const other = await gateway({ upstreams: { search: { replicas: [gone.url] } } });
  expect(await call(`${other.url}/health/ready`, 'GET')).toMatchObject({
    status: 503,
    body: { down: ['search'], reasons: { search: 'none of 1 replicas is ready' } },
  });
  expect((await call(`${other.url}/health/live`, 'GET')).body).toEqual({ status: 'alive' });
});

test('its page of the API shows what the services of this process have', async () => {
  const { url } = await gateway();
  expect((await call(`${url}/docs/json`, 'GET')).body.paths).toHaveProperty('/documented');
});
