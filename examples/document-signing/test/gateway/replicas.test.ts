import { expect, test } from 'vitest';
import { Replicas } from '../../src/gateway/replicas.js';
import { call } from '../support/answers.js';
import { echoService, gateway, replica } from '../support/gateway.js';

test('replicas share the work', async () => {
  const [one, two] = [await replica('one'), await replica('two')];
  const { url } = await gateway({ upstreams: { document: { replicas: [one.url, two.url] } } });
  const answers = [];
  for (let n = 0; n < 10; n++) answers.push((await call(`${url}/documents`, 'GET')).body.service);
  expect(answers.filter((name) => name === 'one')).toHaveLength(5);
});

test('when one of two replicas dies no client notices, whatever it sends', async () => {
  const [one, two] = [await replica('one'), await replica('two')];
  const { url } = await gateway({ upstreams: { document: { replicas: [one.url, two.url] } } });
  for (let n = 0; n < 4; n++) await call(`${url}/documents`, 'GET');
  await one.kill();
  const answers = [];
  for (let n = 0; n < 20; n++) {
    answers.push(await call(`${url}/documents`, n % 2 === 0 ? 'GET' : 'POST', n % 2 === 0 ? undefined : { n }));
  }
  expect(answers.map(({ status, body }) => [status, body.service])).toEqual(Array(20).fill([200, 'two']));
});

test('a request that may have been carried out is not sent again', async () => {
  const [one, two] = [await replica('one'), await replica('two')];
  const { url } = await gateway({ upstreams: { document: { replicas: [one.url, two.url] } } });
  const broken = await call(`${url}/documents/break`, 'POST', { a: 1 });
  expect([broken.status, broken.body]).toEqual([502, { detail: 'The service broke off' }]);
  const asked = await Promise.all([one, two].map(({ url }) => call(`${url}/documents`, 'GET')));
  expect(asked.reduce((sum, { body }) => sum + body.asked, 0)).toBe(1 + 2);
});

test('when no replica is left it is a 503, and works again as soon as one is back', async () => {
  const one = await replica('one');
  const { url } = await gateway({ upstreams: { document: { replicas: [one.url] } } });
  await one.kill();
  const gone = await call(`${url}/documents`, 'GET');
  expect([gone.status, gone.body]).toEqual([503, { detail: 'The service cannot be reached' }]);
  expect(gone.headers.get('retry-after')).toBe('1');
  const again = await echoService('again');
  await again.app.listen({ port: Number(new URL(one.url).port), host: '127.0.0.1' });
  expect((await call(`${url}/documents`, 'GET')).body.service).toBe('again');
});

test('a replica that does not answer in time is a 504', async () => {
  const one = await replica('one');
  const { url } = await gateway({
    upstreams: { document: { replicas: [one.url] } },
    proxyLimits: { answerMs: 200 },
  });
  const late = await call(`${url}/documents/stall`, 'POST', {});
  expect([late.status, late.body]).toEqual([504, { detail: 'The service took too long' }]);
});

test('a replica that fails rests, longer each time; when all rest, the one that rests the shortest is asked', () => {
  let now = 0;
  const replicas = new Replicas(['http://a', 'http://b'], () => now);
  const take = () => {
    const place = replicas.take();
    place?.release();
    return place?.base;
  };
  const fail = (base: string) => replicas.take(new Set([base === 'http://a' ? 'http://b' : 'http://a']))?.failed();
  fail('http://a');
  expect([take(), take(), take()]).toEqual(Array(3).fill('http://b'));
  now = 1_001;
  expect(new Set([take(), take()]).size).toBe(2);
  fail('http://a');
  now = 2_500;
  expect([take(), take()]).toEqual(['http://b', 'http://b']);
  fail('http://b');
  expect(take()).toBe('http://a');
  const back = replicas.take(new Set(['http://b']));
  back?.worked();
  back?.release();
  now = 4_000;
  expect(new Set([take(), take(), take()]).size).toBe(2);
});

test('the least busy replica is asked', () => {
  const replicas = new Replicas(['http://a', 'http://b']);
  const first = replicas.take();
  const second = replicas.take();
  expect(first?.base).not.toBe(second?.base);
  second?.release();
  for (let n = 0; n < 3; n++) {
    const next = replicas.take();
    expect(next?.base).toBe(second?.base);
    next?.release();
  }
});
