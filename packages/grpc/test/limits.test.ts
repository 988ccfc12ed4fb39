import { waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { grpcClient, grpcServer, implement } from '../src/index.js';
import { all, plain, rejection, Workshop, workplace } from './support/workshop.js';

const KIB = 1_024;

describe('a message over the limit', () => {
  const large = { padding: new Uint8Array(200 * KIB) };
  const tooLarge = { code: 'GRPC_MESSAGE_TOO_LARGE', retry: 'never' };

  test('that a client sends is refused, by the server and by the client itself', async () => {
    const strictServer = await workplace({}, { server: { limits: { maxMessageBytes: 100 * KIB } } });
    expect(await rejection(strictServer.client.echo(large))).toMatchObject(tooLarge);
    expect((await strictServer.client.echo({ text: 'goes on' })).text).toBe('goes on');
    const strictClient = await workplace({}, { client: { maxMessageBytes: 100 * KIB } });
    expect(await rejection(strictClient.client.echo(large))).toMatchObject(tooLarge);
  });

  test('that a server answers is refused, by the client and by the server itself', async () => {
    const echo = () => large;
    const strictClient = await workplace({ echo }, { client: { maxMessageBytes: 100 * KIB } });
    expect(await rejection(strictClient.client.echo({}))).toMatchObject(tooLarge);
    const strictServer = await workplace({ echo }, { server: { limits: { maxMessageBytes: 100 * KIB } } });
    expect(await rejection(strictServer.client.echo({}))).toMatchObject(tooLarge);
  });

  test('ends a stream, in both directions', async () => {
    const { client } = await workplace({}, { server: { limits: { maxMessageBytes: 100 * KIB } } });
    const padding = 200 * KIB;
    expect(await rejection(all(client.count({ from: 0, to: 3, padding })))).toMatchObject(tooLarge);
    let told = false;
    async function* numbers() {
      try {
        for (;;) yield { padding: new Uint8Array(padding) };
      } finally {
        told = true;
      }
    }
    expect(await rejection(client.sum(numbers()))).toMatchObject(tooLarge);
    await waitFor(() => told, { what: 'the messages to be told' });
  });
});

test('one call more than a server may have in progress is refused at once, and may be tried again', async () => {
  const open: (() => void)[] = [];
  const { client } = await workplace(
    { change: () => new Promise((resolve) => open.push(() => resolve({}))) },
    { server: { limits: { maxConcurrentCalls: 2 } }, client: { retry: { maxAttempts: 1 } } },
  );
  const waiting = [client.change({}), client.change({})];
  await waitFor(() => open.length === 2, { what: 'both calls to arrive' });
  const overloaded = { code: 'GRPC_UNAVAILABLE', retry: 'backoff', details: { reason: 'GRPC_OVERLOADED' } };
  expect(await rejection(client.change({}))).toMatchObject(overloaded);
  expect(await rejection(all(client.count({})))).toMatchObject(overloaded);
  for (const answer of open) answer();
  await Promise.all(waiting);
  const passes = client.change({});
  await waitFor(() => open.length === 3, { what: 'the next call to arrive' });
  open[2]?.();
  await passes;
});

describe('options that make no sense are named when the part is made', () => {
  const services = [implement(Workshop, plain)];
  const address = '127.0.0.1:1';
  test.each([
    ['services', () => grpcServer({ services: [] })],
    ['services', () => grpcServer({ services: [...services, ...services] })],
    ['deadlineMs', () => grpcServer({ services, deadlineMs: 0 })],
    ['limits.maxMessageBytes', () => grpcServer({ services, limits: { maxMessageBytes: 1.5 } })],
    ['limits.maxCalls', () => grpcServer({ services, limits: { maxCalls: 5 } as object })],
    ['deadline', () => grpcServer({ services, deadline: 5 } as never)],
    ['address', () => grpcClient(Workshop, { address: '' })],
    ['address', () => grpcClient(Workshop, { address: 'http://127.0.0.1:50051' })],
    ['address', () => grpcClient(Workshop, { address: 'HTTPS://example.com' })],
    ['deadlineMs', () => grpcClient(Workshop, { address, deadlineMs: Number.POSITIVE_INFINITY })],
    ['retry.maxAttempts', () => grpcClient(Workshop, { address, retry: { maxAttempts: 0 } })],
    ['retry.codes', () => grpcClient(Workshop, { address, retry: { codes: ['INVALID_ARGUMENT'] } })],
    ['retry.methods', () => grpcClient(Workshop, { address, retry: { methods: ['noSuch'] } })],
    ['retry.initialMs', () => grpcClient(Workshop, { address, retry: { initialMs: 5_000 } })],
    ['sum', () => implement(Workshop, { ...plain, sum: undefined as never })],
  ])('%s', (option, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', details: { option } }));
  });
});
