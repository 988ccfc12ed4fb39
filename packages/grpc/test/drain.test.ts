import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { grpcClient, Health, type ServerCall } from '../src/index.js';
import { rejection, workplace, workshopClient } from './support/workshop.js';

test('a drain lets calls in progress end and takes no new ones', async () => {
  let answer: (() => void) | undefined;
  const { server, client, port } = await workplace({
    echo: ({ text }) =>
      new Promise((resolve) => {
        answer = () => resolve({ text });
      }),
  });
  const waiting = client.echo({ text: 'kept' });
  await waitFor(() => answer !== undefined, { what: 'the call to arrive' });
  const drained = server.drain({ timeoutMs: 30_000 });
  const late = workshopClient(port, { retry: { maxAttempts: 1 } });
  expect(await rejection(late.change({}))).toMatchObject({ code: 'GRPC_UNAVAILABLE', retry: 'backoff' });
  answer?.();
  expect((await waiting).text).toBe('kept');
  expect(await drained).toEqual({ givenUp: 0, stillRunning: 0 });
});

test('what has not ended in time is answered UNAVAILABLE, its signal aborted, and counted', async () => {
  let call: ServerCall | undefined;
  const { server, client } = await workplace(
    {
      change: (_, current) => {
        call = current;
        return new Promise(() => {});
      },
      async *count(_, current) {
        yield {};
        await new Promise((resolve) => current.signal.addEventListener('abort', resolve));
      },
    },
    { client: { retry: { maxAttempts: 1 } } },
  );
  const failed = rejection(client.change({}));
  const numbers = client.count({})[Symbol.asyncIterator]();
  await numbers.next();
  const cut = rejection(numbers.next());
  await waitFor(() => call !== undefined, { what: 'the call to arrive' });
  expect(await server.drain({ timeoutMs: 50 })).toEqual({ givenUp: 2, stillRunning: 1 });
  expect(call?.signal.aborted).toBe(true);
  expect(await failed).toMatchObject({ code: 'GRPC_UNAVAILABLE' });
  expect(await cut).toMatchObject({ code: 'GRPC_UNAVAILABLE' });
});

test('a stream without an end is told of the drain and ends by itself', async () => {
  const { server, client } = await workplace({
    async *count(_, call) {
      yield { value: 1n };
      await new Promise((resolve) => call.draining.addEventListener('abort', resolve));
      yield { value: 2n };
    },
  });
  const numbers = client.count({})[Symbol.asyncIterator]();
  await numbers.next();
  const drained = server.drain({ timeoutMs: 30_000 });
  expect(await numbers.next()).toMatchObject({ value: { value: 2n } });
  expect(await numbers.next()).toMatchObject({ done: true });
  expect(await drained).toEqual({ givenUp: 0, stillRunning: 0 });
});

test('those who watch its health learn of a drain before calls are refused', async () => {
  const { server, client, port } = await workplace();
  await using health = grpcClient(Health, { address: `127.0.0.1:${port}` });
  const states = health.watch({ service: 'workshop.Workshop' })[Symbol.asyncIterator]();
  expect(await states.next()).toMatchObject({ value: { status: 1 } });
  const drained = server.drain({ timeoutMs: 30_000, noticeMs: 300 });
  expect(await states.next()).toMatchObject({ value: { status: 2 } });
  expect((await client.echo({ text: 'still taken' })).text).toBe('still taken');
  expect(await rejection(states.next())).toMatchObject({ code: 'GRPC_UNAVAILABLE' });
  expect(await drained).toEqual({ givenUp: 0, stillRunning: 0 });
});

test('a server that was drained stays so', async () => {
  const { server } = await workplace();
  const [first, second] = await Promise.all([server.drain(), server.drain()]);
  expect(second).toEqual(first);
  await server[Symbol.asyncDispose]();
  expect(await rejection(server.listen())).toMatchObject({ code: 'GRPC_STATE' });
});
