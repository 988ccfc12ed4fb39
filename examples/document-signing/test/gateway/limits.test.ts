import { request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { waitFor } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { httpService } from '../../src/http/http-service.js';
import { openLog } from '../../src/http/log.js';
import { call } from '../support/answers.js';
import { echoService, gateway, replica } from '../support/gateway.js';
import { rawConnection } from '../support/raw-connection.js';

test('a client that asks too often is told when to come back; another one is not kept waiting', async () => {
  const { url } = await gateway({ rateLimit: { requests: 5, seconds: 60 }, trustedProxies: ['127.0.0.1'] });
  const from = (address: string, path = '/documents') =>
    call(`${url}${path}`, 'GET', undefined, { 'x-forwarded-for': address });
  for (let n = 0; n < 5; n++) expect((await from('203.0.113.1')).status).toBe(200);
  for (const path of ['/documents', '/', '/nothing', '/health/live']) {
    const refused = await from('203.0.113.1', path);
    expect([refused.status, refused.body]).toEqual([429, { detail: 'Too many requests' }]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(refused.headers.get('x-request-id')).toBeTruthy();
  }
  expect((await from('203.0.113.2')).status).toBe(200);
});

test('nobody gets a rate of his own by making addresses up', async () => {
  const { url } = await gateway({ rateLimit: { requests: 5, seconds: 60 } });
  const answers = [];
  for (let n = 0; n < 6; n++) {
    answers.push((await call(`${url}/documents`, 'GET', undefined, { 'x-forwarded-for': `203.0.113.${n}` })).status);
  }
  expect(answers.at(-1)).toBe(429);
});

test('a request above the limit is a 413, also when it does not say how large it is', async () => {
  const one = await replica('one', { limits: { bodyBytes: 10_000_000 } });
  const { url } = await gateway({
    upstreams: { signature: { replicas: [one.url] } },
    proxyLimits: { maxBodyBytes: 500_000 },
  });
  for (const path of ['/documents', '/signatures']) {
    expect(await call(`${url}${path}`, 'POST', { text: 'x'.repeat(600_000) })).toMatchObject({
      status: 413,
      body: { detail: 'The body is too large' },
    });
    expect(await chunked(`${url}${path}`, 600_000)).toBe(413);
  }
  expect(await chunked(`${url}/signatures`, 400_000)).toBe(200);
});

/** The status of a POST that is sent in chunks. */
function chunked(url: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sending.on('error', (error: NodeJS.ErrnoException) => {
      // The answer came before all was sent, and the connection is closed.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    sending.write('"');
    for (let left = bytes; left > 0; left -= 100_000) sending.write('x'.repeat(Math.min(left, 100_000)));
    sending.end('"');
  });
}

test('a client that does not read its answer is let go, and what it was read from with it', async () => {
  const ends: string[] = [];
  const document = await echoService('document');
  const app = await httpService({ name: 'large', readiness: {}, log: openLog({ level: 'silent' }) });
  app.get('/documents', async (_, reply) => {
    const endless = new Readable({ read: (size) => void endless.push(Buffer.alloc(size)) });
    endless.once('close', () => ends.push('let go'));
    return reply.send(endless);
  });
  await app.ready();
  const large = { ...document, app };
  const { url } = await gateway({ upstreams: { document: { service: large } }, limits: { stalledMs: 300 } });
  const client = connect(Number(new URL(url).port), '127.0.0.1').pause();
  onTestFinished(() => void client.destroy());
  client.write('GET /documents HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await waitFor(() => ends.length === 1, { what: 'the end of the answer', timeoutMs: 20_000 });
});

test('slow headers and slow bodies are cut off, for a service here and for a replica', async () => {
  const one = await replica('one');
  const { url } = await gateway({
    upstreams: { signature: { replicas: [one.url] } },
    limits: { headersMs: 200, requestMs: 500 },
  });
  expect(await rawConnection(url, 'GET /documents HTTP/1.1\r\nhost: localhost\r\nx-slow: ')).toMatch(
    /^HTTP\/1\.1 408 /,
  );
  for (const path of ['/documents', '/signatures']) {
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n`;
    expect(await rawConnection(url, `${head}{"a"`)).toMatch(/^HTTP\/1\.1 (408|400) /);
  }
  expect((await call(`${url}/documents`, 'GET')).status).toBe(200);
});
