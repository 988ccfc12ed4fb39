import { waitFor } from '@sluice/testkit';
import { faultProxy } from '@sluice/testkit/proxy';
import { expect, onTestFinished, test } from 'vitest';
import { StatusError } from '../src/index.js';
import { all, rejection, workplace, workshopClient } from './support/workshop.js';

test('a server that goes away and comes back: calls fail as UNAVAILABLE meanwhile, and pass again', async () => {
  const first = await workplace();
  const client = workshopClient(first.port, { retry: { maxAttempts: 1 } });
  expect((await client.echo({ text: 'before' })).text).toBe('before');
  await first.server.drain();
  expect(await rejection(client.echo({}))).toMatchObject({ code: 'GRPC_UNAVAILABLE', retry: 'backoff' });
  await workplace({}, { port: first.port });
  await waitFor(async () => (await client.echo({ text: 'after' })).text === 'after', { what: 'the server to be back' });
});

test('a call that may be repeated waits out a short absence of its server', async () => {
  const first = await workplace();
  const client = workshopClient(first.port, {
    retry: { maxAttempts: 100, initialMs: 20, maxMs: 100 },
    reconnect: { initialMs: 20, maxMs: 50 },
  });
  await client.echo({});
  await first.server.drain();
  const waiting = client.echo({ text: 'patience' });
  await workplace({}, { port: first.port });
  expect((await waiting).text).toBe('patience');
});

test('only calls that say that they may be repeated are, and only for UNAVAILABLE', async () => {
  const seen: string[] = [];
  const fail = (name: string) => () => {
    seen.push(name);
    throw new StatusError(name.startsWith('busy') ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE', 'no');
  };
  const { client, port } = await workplace({
    echo: ({ text }) => fail(`${text || 'gone'} echo`)(),
    change: () => fail('gone change')(),
  });
  const failed = async (call: () => Promise<unknown>) => {
    seen.length = 0;
    await rejection(call());
    return seen.length;
  };
  expect(await failed(() => client.echo({}))).toBe(4);
  expect(await failed(() => client.change({}))).toBe(1);
  expect(await failed(() => client.echo({ text: 'busy' }))).toBe(1);
  const eager = workshopClient(port, { retry: { methods: ['change'], maxAttempts: 3, initialMs: 1, maxMs: 2 } });
  expect(await failed(() => eager.change({}))).toBe(3);
  expect(await failed(() => eager.echo({}))).toBe(1);
  const other = workshopClient(port, { retry: { codes: ['RESOURCE_EXHAUSTED'], initialMs: 1, maxAttempts: 2 } });
  expect(await failed(() => other.echo({ text: 'busy' }))).toBe(2);
});

test('all attempts together have one deadline', async () => {
  let attempts = 0;
  const { client } = await workplace(
    {
      echo: () => {
        attempts += 1;
        throw new StatusError('UNAVAILABLE', 'no');
      },
    },
    { client: { retry: { maxAttempts: 1_000, initialMs: 50, maxMs: 50 } } },
  );
  expect(await rejection(client.echo({}, { deadlineMs: 400 }))).toMatchObject({ code: 'GRPC_DEADLINE_EXCEEDED' });
  expect(attempts).toBeGreaterThan(0);
  expect(attempts).toBeLessThan(50);
});

test('a connection that breaks in the middle of a stream is an error, not an end', async () => {
  const { port } = await workplace({
    async *count(_, call) {
      yield { value: 1n };
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    },
  });
  const proxy = await faultProxy({ target: { host: '127.0.0.1', port } });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const client = workshopClient(proxy.port);
  const numbers = client.count({})[Symbol.asyncIterator]();
  await numbers.next();
  const next = rejection(numbers.next());
  proxy.reset();
  expect(await next).toMatchObject({ code: 'GRPC_UNAVAILABLE', retry: 'backoff' });
});

test('a server that closes in the middle of a call has not been cancelled by the caller', async () => {
  let arrived = false;
  const { server, client } = await workplace(
    {
      change: () => {
        arrived = true;
        return new Promise(() => {});
      },
    },
    { client: { retry: { maxAttempts: 1 } } },
  );
  const failed = rejection(client.change({}));
  await waitFor(() => arrived, { what: 'the call to arrive' });
  await server.drain({ timeoutMs: 1 });
  expect(await failed).toMatchObject({ code: 'GRPC_UNAVAILABLE', retry: 'backoff' });
});

test('a peer that falls silent is noticed while a stream waits for it', async () => {
  let over: AbortSignal | undefined;
  const { port } = await workplace(
    {
      async *count(_, call) {
        over = call.signal;
        yield { value: 1n };
        await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      },
    },
    { server: { keepalive: { intervalMs: 200, timeoutMs: 200 } } },
  );
  const proxy = await faultProxy({ target: { host: '127.0.0.1', port } });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const client = workshopClient(proxy.port, { keepalive: { intervalMs: 200, timeoutMs: 200 } });
  const numbers = client.count({})[Symbol.asyncIterator]();
  await numbers.next();
  proxy.up.set({ halfOpen: true });
  proxy.down.set({ halfOpen: true });
  expect(await rejection(numbers.next())).toMatchObject({ code: 'GRPC_UNAVAILABLE' });
  await waitFor(() => over?.aborted, { what: 'the server to notice too' });
});

test('a client that sees no server answers within its deadline', async () => {
  const { server, port } = await workplace();
  await server.drain();
  const client = workshopClient(port, { deadlineMs: 500 });
  const error = await rejection(client.echo({}));
  expect(error).toMatchObject({ code: expect.stringMatching(/UNAVAILABLE|DEADLINE/), retry: 'backoff' });
  expect(await rejection(all(client.count({ to: 1 })))).toMatchObject({ code: 'GRPC_UNAVAILABLE' });
});
