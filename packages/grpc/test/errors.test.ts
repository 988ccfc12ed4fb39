import { ComponentError, ERRORS } from '@sluice/contracts';
import { describe, expect, test } from 'vitest';
import { type FailureStatus, grpcClient, Health, StatusError, statusOf } from '../src/index.js';
import { statusCode } from '../src/status/status.js';
import { all, rejection, workplace } from './support/workshop.js';

const FAILURES: readonly FailureStatus[] = [
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

describe('each status', () => {
  for (const status of FAILURES) {
    test(`${status} arrives as the error that the table has for it`, async () => {
      expect(statusCode(status)).toBe(FAILURES.indexOf(status) + 1);
      const { client } = await workplace(
        {
          change: () => {
            throw new StatusError(status, 'as it was said: ünïcode, 100 %');
          },
        },
        { client: { retry: { maxAttempts: 1 } } },
      );
      const error = await rejection(client.change({}));
      const code = `GRPC_${status}` as keyof typeof ERRORS;
      expect(error).toMatchObject({ code, retry: ERRORS[code].retry, advice: ERRORS[code].advice });
      expect((error as Error).message).toBe(`${code}: as it was said: ünïcode, 100 %`);
      expect(statusOf(error)).toBe(status);
    });
  }
});

test('reason, details, advice and retry class of an answer reach the caller', async () => {
  const { client } = await workplace({
    change: () => {
      throw new StatusError('FAILED_PRECONDITION', 'Document 7 is cancelled', {
        reason: 'DOCUMENT_CANCELLED',
        details: { document: 7, status: 'not ours to say', open: false },
        advice: 'Make another one.',
        retry: 'operator',
      });
    },
  });
  expect(await rejection(client.change({}))).toMatchObject({
    code: 'GRPC_FAILED_PRECONDITION',
    retry: 'operator',
    advice: 'Make another one.',
    details: {
      method: 'workshop.Workshop/Change',
      status: 'FAILED_PRECONDITION',
      reason: 'DOCUMENT_CANCELLED',
      document: '7',
      open: 'false',
    },
  });
});

test('of an error that is none of ours the caller learns nothing but that it happened', async () => {
  const { client } = await workplace({
    change: () => {
      throw Object.assign(new Error('password=hunter2 for row 17'), { code: 5, details: 'secret', advice: 'secret' });
    },
    async *count() {
      yield {};
      throw new Error('password=hunter2');
    },
    sum: async () => {
      throw 'password=hunter2';
    },
  });
  async function* nothing() {}
  for (const call of [() => client.change({}), () => all(client.count({})), () => client.sum(nothing())]) {
    const error = await rejection(call());
    expect(error).toMatchObject({ code: 'GRPC_INTERNAL', message: 'GRPC_INTERNAL: The server failed' });
    expect(JSON.stringify(error)).not.toMatch(/hunter2|secret|row 17/);
  }
});

test('the server is told of what its handlers throw, apart from answers, and of which call', async () => {
  const told: string[] = [];
  const { client } = await workplace(
    {
      change: ({ text }) => {
        throw text === 'answer' ? new StatusError('NOT_FOUND', 'no') : new Error('a bug');
      },
      async *count() {
        yield {};
        throw new Error('another bug');
      },
    },
    {
      server: {
        failed(error, call) {
          told.push(`${call.method}: ${(error as Error).message}`);
          throw new Error('the log is full');
        },
      },
    },
  );
  await rejection(client.change({ text: 'answer' }));
  expect(await rejection(client.change({}))).toMatchObject({ code: 'GRPC_INTERNAL' });
  expect(await rejection(all(client.count({})))).toMatchObject({ code: 'GRPC_INTERNAL' });
  expect(told).toEqual(['workshop.Workshop/Change: a bug', 'workshop.Workshop/Count: another bug']);
});

test("of another component's error the caller learns code, retry class and advice, not its text", async () => {
  const { client } = await workplace(
    {
      change: () => {
        throw new ComponentError('STORE_PG_UNAVAILABLE', 'db-7.internal refused', {
          details: { host: 'db-7.internal' },
        });
      },
      sum: async () => {
        throw new ComponentError('STORE_PG_REFUSED', 'no right on table secrets');
      },
    },
    { client: { retry: { maxAttempts: 1 } } },
  );
  const down = await rejection(client.change({}));
  expect(down).toMatchObject({
    code: 'GRPC_UNAVAILABLE',
    retry: 'backoff',
    advice: ERRORS.STORE_PG_UNAVAILABLE.advice,
    details: { reason: 'STORE_PG_UNAVAILABLE' },
  });
  async function* nothing() {}
  const refused = await rejection(client.sum(nothing()));
  expect(refused).toMatchObject({ code: 'GRPC_INTERNAL', retry: 'operator', details: { reason: 'STORE_PG_REFUSED' } });
  for (const error of [down, refused]) {
    expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/db-7|secrets/);
  }
});

test('what a server behind answered is not passed off as an answer of this one', async () => {
  const behind = await workplace({
    change: () => {
      throw new StatusError('NOT_FOUND', 'row 17 of the inner table');
    },
  });
  const front = await workplace({ change: (request, call) => behind.client.change(request, { within: call }) });
  const error = await rejection(front.client.change({}));
  expect(error).toMatchObject({ code: 'GRPC_INTERNAL', details: { reason: 'GRPC_NOT_FOUND' } });
  expect(String(error)).not.toContain('row 17');
});

test('texts that HTTP/2 has no form for, and long ones, still arrive as an error', async () => {
  const { client } = await workplace({
    change: ({ text }) => {
      const details = { long: 'x'.repeat(20_000), half: '\ud800' };
      throw new StatusError('NOT_FOUND', text === 'long' ? 'ü'.repeat(100_000) : 'half \ud800 of a pair\r\nx: y', {
        details,
      });
    },
  });
  expect(await rejection(client.change({ text: 'long' }))).toMatchObject({ code: 'GRPC_NOT_FOUND' });
  const error = await rejection(client.change({ text: 'half' }));
  expect(error).toMatchObject({ code: 'GRPC_NOT_FOUND' });
  expect(String(error)).toContain('half \ufffd of a pair');
});

test('a value that does not fit its field is refused before it is sent, without being repeated', async () => {
  const { client } = await workplace({
    async *count() {
      yield { value: 'secret' as unknown as bigint };
    },
  });
  const error = await rejection(all(client.count({ from: 2 ** 40 })));
  expect(error).toMatchObject({ code: 'GRPC_MESSAGE_INVALID', retry: 'never', details: { message: 'workshop.Range' } });
  const answer = await rejection(all(client.count({})));
  expect(answer).toMatchObject({ code: 'GRPC_INTERNAL', details: { reason: 'GRPC_MESSAGE_INVALID' } });
  expect(String(answer)).not.toContain('secret');
});

test('a service that the server does not have', async () => {
  const { port } = await workplace({}, { server: { health: false } });
  await using health = grpcClient(Health, { address: `127.0.0.1:${port}` });
  expect(await rejection(health.check({}))).toMatchObject({ code: 'GRPC_UNIMPLEMENTED', retry: 'operator' });
});
