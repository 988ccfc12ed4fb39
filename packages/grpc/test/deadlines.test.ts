import { once } from 'node:events';
import { createServer } from 'node:net';
import { waitFor } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';
import type { ServerCall } from '../src/index.js';
import { all, rejection, workplace, workshopClient } from './support/workshop.js';

const never = () => new Promise<never>(() => {});

test('a call to a server that never answers ends with the deadline of the client', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const client = workshopClient(port, { deadlineMs: 100 });
  expect(await rejection(client.echo({}))).toMatchObject({ code: 'GRPC_DEADLINE_EXCEEDED', retry: 'backoff' });
});

test('a call to a handler that never answers ends with its deadline, on both sides', async () => {
  let call: ServerCall | undefined;
  const { client } = await workplace({
    echo: (_, current) => {
      call = current;
      return never();
    },
  });
  expect(await rejection(client.echo({}, { deadlineMs: 300 }))).toMatchObject({ code: 'GRPC_DEADLINE_EXCEEDED' });
  await waitFor(() => call?.signal.aborted, { what: 'the signal of the call' });
  // The client's clock or the server's, whichever is first.
  expect(call?.signal.reason).toMatchObject({ code: expect.stringMatching(/^GRPC_(DEADLINE_EXCEEDED|CANCELLED)$/) });
});

test('a handler sees the deadline of its caller', async () => {
  let deadline = 0;
  const { client } = await workplace({
    echo: (_, call) => {
      deadline = call.deadline;
      return {};
    },
  });
  const before = Date.now();
  await client.echo({}, { deadlineMs: 60_000 });
  expect(deadline).toBeGreaterThan(before + 50_000);
  expect(deadline).toBeLessThanOrEqual(Date.now() + 60_001);
});

test('a call without a deadline gets that of the server', async () => {
  let signal: AbortSignal | undefined;
  const { port } = await workplace(
    {
      echo: (_, call) => {
        signal = call.signal;
        return never();
      },
    },
    { server: { deadlineMs: 200 } },
  );
  // The kit's own clients always give one: this is a client of another kind.
  const { Client, credentials } = await import('@grpc/grpc-js');
  const bare = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => bare.close());
  const failure = new Promise((resolve) => {
    bare.makeUnaryRequest('/workshop.Workshop/Echo', Buffer.from, (bytes) => bytes, Buffer.alloc(0), resolve);
  });
  expect(await failure).toMatchObject({ code: 4, details: 'the deadline of the call passed' });
  expect(signal?.aborted).toBe(true);
});

test('a stream has no deadline unless it is called with one', async () => {
  let deadline = 0;
  const { client } = await workplace({
    async *count(_, call) {
      deadline = call.deadline;
      if (call.deadline !== Number.POSITIVE_INFINITY) await never();
      yield {};
    },
  });
  await all(client.count({}));
  expect(deadline).toBe(Number.POSITIVE_INFINITY);
  expect(await rejection(all(client.count({}, { deadlineMs: 200 })))).toMatchObject({ code: 'GRPC_DEADLINE_EXCEEDED' });
});

test('a call made within another ends with it and no later', async () => {
  let inner: ServerCall | undefined;
  const behind = await workplace({
    echo: (_, call) => {
      inner = call;
      return never();
    },
  });
  const front = await workplace({
    echo: (request, call) => behind.client.echo(request, { within: call, deadlineMs: 60_000 }),
  });
  const outer = new AbortController();
  const deadline = Date.now() + 10_000;
  const failed = rejection(front.client.echo({}, { signal: outer.signal, deadlineMs: 10_000 }));
  await waitFor(() => inner !== undefined, { what: 'the call to arrive behind' });
  expect(inner?.deadline).toBeLessThan(deadline + 5_000);
  outer.abort(new Error('the user left'));
  await waitFor(() => inner?.signal.aborted, { what: 'the call behind to be given up' });
  expect(await failed).toMatchObject({ code: 'GRPC_CANCELLED', cause: { message: 'the user left' } });
});

test('a signal that is aborted before makes no call', async () => {
  let calls = 0;
  const { client } = await workplace({
    echo: () => {
      calls += 1;
      return {};
    },
  });
  const signal = AbortSignal.abort(new Error('too late'));
  const cancelled = { code: 'GRPC_CANCELLED', cause: { message: 'too late' } };
  expect(await rejection(client.echo({}, { signal }))).toMatchObject(cancelled);
  expect(await rejection(all(client.count({}, { signal })))).toMatchObject(cancelled);
  expect(calls).toBe(0);
});

test('a client that is closed gives up the calls that it made', async () => {
  let signal: AbortSignal | undefined;
  const { port } = await workplace({
    echo: (_, call) => {
      signal = call.signal;
      return never();
    },
  });
  const client = workshopClient(port);
  const failed = rejection(client.echo({}));
  await waitFor(() => signal !== undefined, { what: 'the call to arrive' });
  client.close();
  await waitFor(() => signal?.aborted, { what: 'the call to be given up' });
  expect(await failed).toMatchObject({ code: 'GRPC_CANCELLED' });
  expect(await rejection(client.echo({}))).toMatchObject({ code: 'GRPC_STATE' });
});
