import { expect, test } from 'vitest';
import { grpcClient, Health } from '../src/index.js';
import { rejection, workplace } from './support/workshop.js';

test('health is known of the server and of each service, and follows what the server says', async () => {
  const { server, port } = await workplace();
  await using health = grpcClient(Health, { address: `127.0.0.1:${port}` });
  const service = 'workshop.Workshop';
  expect(await health.check({})).toMatchObject({ status: 1 });
  expect(await health.check({ service })).toMatchObject({ status: 1 });
  const states = health.watch({ service })[Symbol.asyncIterator]();
  expect(await states.next()).toMatchObject({ value: { status: 1 } });
  server.setServing(service, false);
  expect(await states.next()).toMatchObject({ value: { status: 2 } });
  expect(await health.check({ service })).toMatchObject({ status: 2 });
  expect(await health.check({})).toMatchObject({ status: 1 });
  server.setServing(service, true);
  expect(await states.next()).toMatchObject({ value: { status: 1 } });
  await states.return?.();
});

test('a service that the server does not have', async () => {
  const { server, port } = await workplace();
  await using health = grpcClient(Health, { address: `127.0.0.1:${port}` });
  expect(await rejection(health.check({ service: 'no.Such' }))).toMatchObject({ code: 'GRPC_NOT_FOUND' });
  const states = health.watch({ service: 'no.Such' })[Symbol.asyncIterator]();
  expect(await states.next()).toMatchObject({ value: { status: 3 } });
  await states.return?.();
  expect(() => server.setServing('no.Such', true)).toThrow(/no\.Such/);
});

test('a server with as many calls as it may have still says how it is', async () => {
  const { port, client } = await workplace(
    { echo: () => new Promise(() => {}) },
    { server: { limits: { maxConcurrentCalls: 1 } }, client: { retry: { maxAttempts: 1 } } },
  );
  const given = new AbortController();
  const waiting = rejection(client.echo({}, { signal: given.signal }));
  await using health = grpcClient(Health, { address: `127.0.0.1:${port}` });
  expect(await health.check({})).toMatchObject({ status: 1 });
  given.abort();
  await waiting;
});
