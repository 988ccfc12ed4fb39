import { createServer } from 'node:net';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { call, startService } from '../support/service.js';
import { startSignatureService } from '../support/signature-service.js';

const database = useDatabase();
let documents: Awaited<ReturnType<typeof startService>>;
let signatures: Awaited<ReturnType<typeof startSignatureService>>;
beforeAll(async () => {
  documents = await startService(database.url);
  signatures = await startSignatureService(database.url, documents.grpc);
});
afterAll(async () => {
  await signatures?.stop();
  await documents?.stop();
});

const nobody = '01890000-0000-7000-8000-000000000000';
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function create(): Promise<string> {
  const lease = { title: 'Lease', content: 'text', created_by: 'ada@example.com' };
  return (await call(`${documents.url}/documents`, 'POST', lease)).body.id;
}

const bob = { signer_email: 'bob@example.com', signer_name: 'Bob' };
const sign = (document_id: string, more: object = {}) =>
  call(`${signatures.url}/signatures`, 'POST', { document_id, ...bob, ...more });
const statusOf = async (id: string) => (await call(`${documents.url}/documents/${id}`, 'GET')).body;

test('the published request signs: status and version follow, whatever document_status says', async () => {
  const id = await create();
  const signed = await sign(id, { signature_data: 'base64_encoded_signature', document_status: 'pending' });
  expect(signed.status).toBe(201);
  expect(signed.body).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    document_id: id,
    ...bob,
    signed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
    ip_address: '127.0.0.1',
  });
  expect(signed.headers.get('location')).toBe(`/signatures/${signed.body.id}`);
  expect(await statusOf(id)).toMatchObject({ status: 'signed', version: 2 });
});

test('a document that there is not: 404 in these words, and no row', async () => {
  const answer = await sign(nobody);
  expect([answer.status, answer.body]).toEqual([404, { detail: `Document ${nobody} not found` }]);
  const { rows } = await signatures.pool.query('SELECT FROM signatures.signatures WHERE document_id = $1', [nobody]);
  expect(rows).toEqual([]);
});

test('signing twice by the same person is 409, in whatever letters; another person may', async () => {
  const id = await create();
  expect((await sign(id)).status).toBe(201);
  expect((await sign(id)).status).toBe(409);
  expect((await sign(id, { signer_email: 'BOB@example.com' })).status).toBe(409);
  expect((await sign(id, { signer_email: 'eve@example.com' })).status).toBe(201);
  expect(await statusOf(id)).toMatchObject({ status: 'signed', version: 2 });
});

test('of many at once by one person one passes, and only its drawing stays', async () => {
  const id = await create();
  const answers = await Promise.all(Array.from({ length: 12 }, () => sign(id, { signature_data: png })));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(409)]);
  const kept = await signatures.objects.list(`${id}/signatures/`);
  const [passed] = answers.filter(({ status }) => status === 201);
  expect(kept.map(({ key }) => key)).toEqual([`${id}/signatures/${passed?.body.id}.png`]);
});

test.each(['cancelled', 'archived'])('a document that is %s can’t be signed: 409, and no row', async (status) => {
  const id = await create();
  expect((await call(`${documents.url}/documents/${id}`, 'PATCH', { status })).status).toBe(200);
  expect((await sign(id)).status).toBe(409);
  expect((await call(`${signatures.url}/documents/${id}/signatures`, 'GET')).body).toEqual([]);
});

test('signatures of a document come oldest first, all of them newest first, in pages', async () => {
  const id = await create();
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) ids.push((await sign(id, { signer_email: `${name}@example.com` })).body.id);
  const of = async (path: string) =>
    (await call(`${signatures.url}${path}`, 'GET')).body.map(({ id }: { id: string }) => id);
  expect(await of(`/documents/${id}/signatures`)).toEqual(ids);
  expect(await of('/signatures?limit=3')).toEqual(ids.toReversed());
  expect(await of('/signatures?skip=1&limit=1')).toEqual([ids[1]]);
  expect((await call(`${signatures.url}/signatures/${ids[0]}`, 'GET')).body).toMatchObject({
    id: ids[0],
    ...bob,
    signer_email: 'a@example.com',
  });
});

test('an unknown signature, and signatures of an unknown document, are 404', async () => {
  const one = await call(`${signatures.url}/signatures/${nobody}`, 'GET');
  expect([one.status, one.body]).toEqual([404, { detail: 'Signature not found' }]);
  const of = await call(`${signatures.url}/documents/${nobody}/signatures`, 'GET');
  expect([of.status, of.body]).toEqual([404, { detail: 'Document not found' }]);
  expect((await call(`${signatures.url}/documents/${await create()}/signatures`, 'GET')).body).toEqual([]);
});

test('a document takes its signatures with it', async () => {
  const id = await create();
  const { body } = await sign(id);
  expect((await call(`${documents.url}/documents/${id}`, 'DELETE')).status).toBe(204);
  expect((await call(`${signatures.url}/signatures/${body.id}`, 'GET')).status).toBe(404);
});

describe('what was drawn', () => {
  const drawn = async (signature_data: string) => {
    const { body } = await sign(await create(), { signature_data });
    const response = await fetch(`${signatures.url}/signatures/${body.id}/image`);
    return {
      ...body,
      headers: response.headers,
      bytes: Buffer.from(await response.arrayBuffer()),
      status: response.status,
    };
  };

  test('is kept under its document and served as what its bytes are', async () => {
    const { id, document_id, headers, bytes } = await drawn(`data:image/gif;base64,${png}`);
    expect(headers.get('content-type')).toBe('image/png');
    expect(bytes.toString('base64')).toBe(png);
    expect(await signatures.objects.head(`${document_id}/signatures/${id}.png`)).toMatchObject({
      contentType: 'image/png',
    });
    const head = await fetch(`${signatures.url}/signatures/${id}/image`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
  });

  test('runs nothing: a script in an SVG is shut in, a text is text', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>';
    const image = await drawn(Buffer.from(svg).toString('base64'));
    expect(image.headers.get('content-type')).toBe('image/svg+xml');
    expect(image.headers.get('content-security-policy')).toContain('sandbox;');
    expect(image.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(image.headers.get('x-content-type-options')).toBe('nosniff');
    const text = await drawn('<script>alert(1)</script>');
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(text.bytes.toString()).toBe('<script>alert(1)</script>');
  });

  test('may be nothing', async () => {
    for (const more of [{}, { signature_data: null }, { signature_data: '' }]) {
      const { body } = await sign(await create(), more);
      const image = await call(`${signatures.url}/signatures/${body.id}/image`, 'GET');
      expect([image.status, image.body]).toEqual([404, { detail: 'Image not found' }]);
    }
  });
});

describe('input', () => {
  test.each([
    ['document_id', { document_id: 'x' }],
    ['document_id', { document_id: undefined }],
    ['signer_email', { signer_email: 'nobody' }],
    ['signer_email', { signer_email: 5 }],
    ['signer_name', { signer_name: '' }],
    ['signer_name', { signer_name: 'x'.repeat(256) }],
    ['signer_name', { signer_name: 'a\0b' }],
    ['signature_data', { signature_data: 'x'.repeat(1_048_577) }],
    ['signature_data', { signature_data: {} }],
    ['ip_address', { ip_address: '1.2.3' }],
    ['ip_address', { ip_address: 'fe80::1%eth0' }],
    ['ip_address', { ip_address: '1.2.3.4/8' }],
  ])('%s: %#', async (field, more) => {
    const { status, body } = await sign(nobody, more);
    expect(status).toBe(422);
    expect(body.detail).toEqual([expect.objectContaining({ loc: ['body', field], msg: expect.any(String) })]);
  });

  test('as large as it may be, of any characters, and an address of its own', async () => {
    const signer_name = '𝒜'.repeat(255);
    const signature_data = '\u0001'.repeat(1_048_576);
    const { status, body } = await sign(await create(), { signer_name, signature_data, ip_address: '2001:DB8::0:1' });
    expect([status, body.signer_name, body.ip_address]).toEqual([201, signer_name, '2001:db8::1']);
    const image = await fetch(`${signatures.url}/signatures/${body.id}/image`);
    expect(await image.text()).toBe(signature_data);
  });

  test('an id in capital letters is the same document', async () => {
    const id = await create();
    const { status, body } = await sign(id.toUpperCase());
    expect([status, body.document_id]).toEqual([201, id]);
  });
});

describe('a document service that is away', () => {
  test('is 503, not 404, and readiness names it; what is known is still told', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await waitFor(() => silent.listening, { what: 'a port' });
    const gone = await startSignatureService(database.url, '127.0.0.1:1');
    onTestFinished(() => gone.stop());
    const answer = await call(`${gone.url}/signatures`, 'POST', { document_id: await create(), ...bob });
    expect([answer.status, answer.body]).toEqual([503, { detail: 'The document service is not available' }]);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await call(`${gone.url}/health/ready`, 'GET')).body).toMatchObject({ down: ['documents'] });
    expect((await call(`${gone.url}/signatures`, 'GET')).status).toBe(200);
    const { port } = silent.address() as { port: number };
    const hanging = await startSignatureService(database.url, `127.0.0.1:${port}`);
    onTestFinished(() => hanging.stop());
    expect((await call(`${hanging.url}/signatures`, 'POST', { document_id: nobody, ...bob })).status).toBe(503);
  });

  test('its health, docs and metrics are there', async () => {
    expect((await call(`${signatures.url}/health/ready`, 'GET')).body).toEqual({ status: 'ready' });
    expect((await call(`${signatures.url}/health/live`, 'GET')).body).toEqual({ status: 'alive' });
    expect(Object.keys((await call(`${signatures.url}/docs/json`, 'GET')).body.paths)).toContain('/signatures');
    expect((await call(`${signatures.url}/metrics`, 'GET')).text).toContain('http_request_duration_seconds');
  });
});
