import { expect, test } from 'vitest';
import { call } from '../support/answers.js';
import { gateway } from '../support/gateway.js';
import { rawConnection } from '../support/raw-connection.js';

const shop = 'https://shop.example';

test('a page of another site changes nothing, whichever way its browser says so', async () => {
  const { url } = await gateway();
  for (const headers of [
    { origin: shop },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[]) {
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      expect((await call(`${url}/documents`, method, {}, headers)).status).toBe(403);
    }
    expect((await call(`${url}/documents`, 'GET', undefined, headers)).status).toBe(200);
  }
});

test('our own page, and what is no browser, may change things', async () => {
  const { url } = await gateway();
  expect((await call(`${url}/documents`, 'POST', {}, { origin: url, 'sec-fetch-site': 'same-origin' })).status).toBe(
    200,
  );
  expect((await call(`${url}/documents`, 'POST', {})).status).toBe(200);
});

test('no other origin may read anything, unless it is on the list', async () => {
  const closed = await gateway();
  const preflight = { origin: shop, 'access-control-request-method': 'POST' };
  for (const [method, headers] of [
    ['GET', { origin: shop }],
    ['OPTIONS', preflight],
  ] as const) {
    const answer = await call(`${closed.url}/documents`, method, undefined, headers);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
  const { url } = await gateway({ sites: { allowedOrigins: [shop] } });
  const asked = await call(`${url}/documents`, 'OPTIONS', undefined, preflight);
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, shop]);
  expect(asked.headers.get('access-control-allow-methods')).toContain('PATCH');
  const sent = await call(`${url}/documents`, 'POST', {}, { origin: shop, 'sec-fetch-site': 'cross-site' });
  expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, shop]);
  expect(sent.headers.get('vary')).toContain('Origin');
  const other = await call(`${url}/documents`, 'GET', undefined, { origin: 'https://shop.example.evil' });
  expect(other.headers.get('access-control-allow-origin')).not.toBe('https://shop.example.evil');
});

test('a name that was made to point here is not served', async () => {
  const { url } = await gateway();
  const ask = (host: string) =>
    rawConnection(url, `GET /documents HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  for (const host of ['evil.example', 'evil.example:8000', 'localhost.evil.example', '']) {
    expect(await ask(host)).toMatch(/^HTTP\/1\.1 403 .*This host is not served here/s);
  }
  for (const host of ['localhost', 'LOCALHOST:8000', '127.0.0.1:1', '[::1]:8000', '192.0.2.1:8000']) {
    expect(await ask(host)).toMatch(/^HTTP\/1\.1 200 /);
  }
  const named = await gateway({ sites: { allowedHosts: ['sign.example'] } });
  const answer = await rawConnection(
    named.url,
    'GET /documents HTTP/1.1\r\nhost: sign.example\r\nconnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});
