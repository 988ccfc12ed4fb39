import { useDatabase } from '@sluice/testkit/vitest';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { call, startService } from '../support/service.js';

const database = useDatabase();
let service: Awaited<ReturnType<typeof startService>>;
let documents: string;

beforeAll(async () => {
  service = await startService(database.url);
  documents = `${service.url}/documents`;
});
afterAll(() => service?.stop());

const lease = { title: 'Lease', content: 'Zwischen … und …', created_by: 'ada@example.com' };
const create = async (part: Record<string, unknown> = {}) =>
  (await call(documents, 'POST', { ...lease, ...part })).body as { id: string; version: number };
const unknown = '01890000-0000-7000-8000-000000000000';

test('a created document has every field, and is found under its id', async () => {
  const { status, body, headers } = await call(documents, 'POST', lease);
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    title: 'Lease',
    content_type: 'text/plain',
    content_size: Buffer.byteLength(lease.content),
    s3_key: `${body.id}/content`,
    status: 'created',
    created_by: 'ada@example.com',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    updated_at: expect.any(String),
    version: 1,
  });
  expect(headers.get('location')).toBe(`/documents/${body.id}`);
  expect((await call(`${documents}/${body.id}`, 'GET')).body).toEqual(body);
  expect((await call(`${documents}/${body.id.toUpperCase()}`, 'GET')).body).toEqual(body);
});

test('the content is given back as it was, and no script in it runs', async () => {
  const { id } = await create({ content: '<script>1</script>é\0', content_type: 'text/html' });
  const head = await call(`${documents}/${id}/content`, 'HEAD');
  const { text, headers } = await call(`${documents}/${id}/content`, 'GET');
  expect([head.status, head.text, head.headers.get('content-length')]).toEqual([
    200,
    '',
    headers.get('content-length'),
  ]);
  expect(text).toBe('<script>1</script>é\0');
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(headers.get('content-security-policy')).toContain('sandbox');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('a content of bytes comes in base64, and is counted in bytes', async () => {
  const bytes = Buffer.from([0, 0xff, 0x89, 0x50, 0x0a]);
  const { body } = await call(documents, 'POST', {
    ...lease,
    content: bytes.toString('base64'),
    content_encoding: 'base64',
    content_type: 'image/png',
  });
  expect(body.content_size).toBe(5);
  const response = await fetch(`${documents}/${body.id}/content`);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('content-length')).toBe('5');
});

test('a content of 10 MiB is taken, and one byte more is not', async () => {
  const content = 'é'.repeat(5 * 1024 * 1024);
  expect((await call(documents, 'POST', { ...lease, content })).body.content_size).toBe(10 * 1024 * 1024);
  const { status, body } = await call(documents, 'POST', { ...lease, content: `${content}x` });
  expect([status, body.detail[0].loc]).toEqual([422, ['body', 'content']]);
  expect(String(body.detail[0].input).length).toBeLessThan(250);
});

test('documents are listed newest first, in pages', async () => {
  const made = [];
  for (let n = 0; n < 5; n++) made.push((await create({ title: `T${n}` })).id);
  const newest = (await call(`${documents}?limit=5`, 'GET')).body.map(({ id }: { id: string }) => id);
  expect(newest).toEqual(made.reverse());
  const second = (await call(`${documents}?skip=1&limit=2`, 'GET')).body.map(({ id }: { id: string }) => id);
  expect(second).toEqual(newest.slice(1, 3));
  expect((await call(`${documents}?limit=1001`, 'GET')).body.detail).toMatchObject([{ loc: ['query', 'limit'] }]);
});

test.each([
  ['no JSON', '{', 422],
  ['an empty body', '', 422],
  ['a wrong shape', '[]', 422],
  ['a missing field', { ...lease, title: undefined }, 422],
  ['a NUL in the title', { ...lease, title: 'a\0' }, 422],
  ['half a character in the title', '{"title":"\\ud800","content":"","created_by":"ada@example.com"}', 422],
  ['a content that is no base64', { ...lease, content: 'é', content_encoding: 'base64' }, 422],
  ['a prototype in the body', '{"__proto__":{"title":"x"}}', 422],
])('%s is a 422 that says where, and never a stack', async (_, body, status) => {
  const answer = await call(documents, 'POST', body);
  expect(answer.status).toBe(status);
  expect(answer.body.detail[0]).toEqual({
    type: expect.any(String),
    loc: expect.arrayContaining(['body']),
    msg: expect.any(String),
    input: expect.toSatisfy(() => true),
  });
  expect(answer.text).not.toMatch(/ at .*\.(js|ts):/);
});

test('an unknown document is a 404 everywhere, and what is no id a 422', async () => {
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['GET', '/content', undefined],
    ['GET', '/stats', undefined],
    ['PATCH', '', { title: 'x' }],
    ['DELETE', '', undefined],
  ] as const) {
    const answer = await call(`${documents}/${unknown}${path}`, method, body);
    expect([answer.status, answer.body]).toEqual([404, { detail: 'Document not found' }]);
    expect((await call(`${documents}/..%2f..%2fetc${path}`, method, body)).status).toBe(422);
  }
});

test('a change raises the version, and its time', async () => {
  const { id } = await create();
  const { status, body, headers } = await call(`${documents}/${id}`, 'PATCH', { title: 'New', status: 'sent' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ title: 'New', status: 'sent', version: 2 });
  expect(Date.parse(body.updated_at)).toBeGreaterThanOrEqual(Date.parse(body.created_at));
  expect(headers.get('etag')).toBe('"2"');
});

test('a status that may not follow is a 409 and changes nothing', async () => {
  const { id } = await create();
  await call(`${documents}/${id}`, 'PATCH', { status: 'signed' });
  const answer = await call(`${documents}/${id}`, 'PATCH', { status: 'cancelled', title: 'No' });
  expect([answer.status, answer.body]).toEqual([409, { detail: 'A document that is signed cannot become cancelled' }]);
  expect((await call(`${documents}/${id}`, 'GET')).body).toMatchObject({
    status: 'signed',
    title: 'Lease',
    version: 2,
  });
});

test('If-Match refuses a change and a removal made from an older state', async () => {
  const { id } = await create();
  expect((await call(`${documents}/${id}`, 'PATCH', { title: 'A' }, { 'if-match': '1' })).status).toBe(200);
  expect((await call(`${documents}/${id}`, 'PATCH', { title: 'B' }, { 'if-match': '"1"' })).status).toBe(412);
  expect((await call(`${documents}/${id}`, 'DELETE', undefined, { 'if-match': '1' })).status).toBe(412);
  expect((await call(`${documents}/${id}`, 'PATCH', { title: 'B' }, { 'if-match': 'one' })).status).toBe(422);
  expect((await call(`${documents}/${id}`, 'DELETE', undefined, { 'if-match': '2' })).status).toBe(204);
});

test('no concurrent change is lost: the version is one and the number of successes', async () => {
  const { id } = await create();
  const changes = Array.from({ length: 30 }, (_, n) => call(`${documents}/${id}`, 'PATCH', { title: `T${n}` }));
  const statuses = (await Promise.all(changes)).map(({ status }) => status);
  expect(statuses.every((status) => status === 200)).toBe(true);
  expect((await call(`${documents}/${id}`, 'GET')).body.version).toBe(31);

  const signings = Array.from({ length: 10 }, () =>
    call(`${documents}/${id}`, 'PATCH', { title: 'x' }, { 'if-match': '31' }),
  );
  const codes = (await Promise.all(signings)).map(({ status }) => status).sort();
  expect(codes).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
});

test('a removed document and its content are gone', async () => {
  const { id } = await create();
  const removed = await call(`${documents}/${id}`, 'DELETE');
  expect([removed.status, removed.text]).toEqual([204, '']);
  expect((await call(`${documents}/${id}`, 'GET')).status).toBe(404);
  expect(await service.objects.list(`${id}/`)).toEqual([]);
});

test('a body above the limit is a 413', async () => {
  const { id } = await create();
  const answer = await call(`${documents}/${id}`, 'PATCH', { title: 'x'.repeat(100_000) });
  expect([answer.status, answer.body]).toEqual([413, { detail: 'The body is too large' }]);
});

test('a document is found as it is now, whichever way it was changed', async () => {
  const { id } = await create();
  const found = async () => (await call(`${documents}/${id}`, 'GET')).body;
  expect(await found()).toMatchObject({ title: 'Lease', version: 1 });
  await call(`${documents}/${id}`, 'PATCH', { title: 'Changed' });
  expect(await found()).toMatchObject({ title: 'Changed', version: 2 });
  await call(`${documents}/${id}`, 'DELETE');
  expect(await found()).toEqual({ detail: 'Document not found' });
});

test('a document that was looked at comes from the cache, and the old state never comes back to it', async () => {
  const { id } = await create();
  const { text } = await call(`${documents}/${id}`, 'GET');
  expect(JSON.parse((await service.cache.get(`document:${id}`)) ?? '')).toEqual(JSON.parse(text));
  await call(`${documents}/${id}`, 'PATCH', { title: 'Changed' });
  // A reader that is late.
  await service.cache.set({ key: `document:${id}`, version: 1, value: text }, { ttlMs: 300_000 });
  expect((await call(`${documents}/${id}`, 'GET')).body.title).toBe('Changed');
});

test('a cache and counters that fail fail no request', async () => {
  const down = async () => {
    throw new Error('down');
  };
  const cache = { ...service.cache, get: down, set: down, invalidate: down };
  const alone = await startService(database.url, { cache, counters: { ...service.counters, count: down } });
  onTestFinished(() => alone.stop());
  const { body } = await call(`${alone.url}/documents`, 'POST', lease);
  expect((await call(`${alone.url}/documents/${body.id}`, 'GET')).body.title).toBe('Lease');
  expect((await call(`${alone.url}/documents/${body.id}`, 'PATCH', { title: 'B' })).status).toBe(200);
  expect((await call(`${alone.url}/documents/${body.id}`, 'GET')).body.title).toBe('B');
});

test('it is ready when database and objects answer, and says which of them does not', async () => {
  expect((await call(`${service.url}/health/ready`, 'GET')).body).toEqual({ status: 'ready' });
  const objects = {
    ...service.objects,
    head: async () => {
      throw new Error('no disk');
    },
  };
  const alone = await startService(database.url, { objects });
  onTestFinished(() => alone.stop());
  expect(await call(`${alone.url}/health/ready`, 'GET')).toMatchObject({ status: 503, body: { down: ['objects'] } });
});

test('the API describes itself', async () => {
  const { paths } = (await call(`${service.url}/docs/json`, 'GET')).body;
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/documents', '/documents/{document_id}', '/documents/{document_id}/stats']),
  );
  expect(paths['/documents'].post.requestBody.content['application/json'].schema.required).toEqual([
    'title',
    'content',
    'created_by',
  ]);
});
