import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { hostOf, isLoopback } from '../src/address/loopback.js';
import { type GrpcClientOptions, grpcClient, grpcServer, implement, type ServerTls } from '../src/index.js';
import { plain, rejection, Workshop } from './support/workshop.js';

const folder = mkdtempSync(join(tmpdir(), 'grpc-tls-'));
let server: { readonly cert: string; readonly key: string };
let user: { readonly cert: string; readonly key: string };

beforeAll(() => {
  server = certificate('server', ['-addext', 'subjectAltName=DNS:documents.test']);
  user = certificate('user', []);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a server with a certificate is believed when the client knows who signed it, and its name', async () => {
  const ask = await secure(server);
  expect(await ask({ tls: { ca: server.cert, serverName: 'documents.test' } })).toBe('hello');
});

test.each([
  ['signed by nobody that the client knows', {}],
  ['of another name', { name: 'elsewhere.test' }],
])('a certificate %s is refused', async (_, { name }: { readonly name?: string }) => {
  const ask = await secure(server);
  const tls = name === undefined ? { serverName: 'documents.test' } : { serverName: name, ca: server.cert };
  expect(await ask({ tls, retry: { maxAttempts: 1 } })).toMatchObject({ code: 'GRPC_UNAVAILABLE' });
});

test('a server that wants to know its clients refuses those without a certificate', async () => {
  const ask = await secure({ ...server, clientCa: user.cert });
  const tls = { ca: server.cert, serverName: 'documents.test' };
  expect(await ask({ tls, retry: { maxAttempts: 1 } })).toMatchObject({ code: 'GRPC_UNAVAILABLE' });
  expect(await ask({ tls: { ...tls, ...user } })).toBe('hello');
});

test('a server listens in the open to its own machine only, unless it is told to', async () => {
  const make = () => grpcServer({ services: [implement(Workshop, plain)] });
  expect(await rejection(make().listen({ host: '0.0.0.0' }))).toMatchObject({ details: { option: 'tls' } });
  await using open = make();
  const { port } = await open.listen({ host: '0.0.0.0', tls: false });
  const taken = await rejection(make().listen({ host: '0.0.0.0', port, tls: false }));
  expect(taken).toMatchObject({ code: 'GRPC_LISTEN_FAILED', details: { port } });
  expect(await rejection(make().listen({ port: 70_000 }))).toMatchObject({ details: { option: 'port' } });
});

test('what counts as the own machine', () => {
  for (const address of ['localhost:1', '127.0.0.1:1', '127.9.9.9', '[::1]:1', 'unix:/tmp/x', 'dns:///localhost:1']) {
    expect([address, isLoopback(hostOf(address))]).toEqual([address, true]);
  }
  for (const address of [
    'documents:1',
    '127.evil.com:1',
    'localhost.evil.com:1',
    '10.0.0.1:1',
    '[::2]:1',
    'dns:///a:1',
  ]) {
    expect([address, isLoopback(hostOf(address))]).toEqual([address, false]);
  }
});

/** A server with this certificate, and a function that asks it with a client of its own. */
async function secure(tls: ServerTls) {
  const serving = grpcServer({ services: [implement(Workshop, plain)] });
  onTestFinished(async () => void (await serving.drain({ timeoutMs: 1 })));
  const { port } = await serving.listen({ tls });
  return async (options: Partial<GrpcClientOptions>) => {
    await using client = grpcClient(Workshop, { address: `127.0.0.1:${port}`, ...options });
    return await client.echo({ text: 'hello' }).then(
      ({ text }) => text,
      (error: unknown) => error,
    );
  };
}

function certificate(name: string, more: readonly string[]) {
  const files = { key: join(folder, `${name}.key`), cert: join(folder, `${name}.crt`) };
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`, ...more];
  execFileSync('openssl', [...request, '-keyout', files.key, '-out', files.cert], { stdio: 'ignore' });
  return { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.cert, 'utf8') };
}
