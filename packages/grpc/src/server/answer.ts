import type { Writable } from 'node:stream';
import type { sendUnaryData } from '@grpc/grpc-js';
import type { Encoder } from '../service/wire-message.js';
import { errorToStatus } from '../status/error-to-status.js';
import { isStatusError, StatusError } from '../status/status-error.js';
import { TOO_LARGE } from '../status/status-to-error.js';
import { sendAll } from '../stream/outgoing.js';
import type { LiveCall } from './live-call.js';

/** How the messages of an answer are written. */
export interface AnswerFormat {
  readonly encode: Encoder;
  readonly maxBytes: number;
  /** Told of errors that are no answers. */
  readonly failed: ((error: unknown, call: LiveCall) => void) | undefined;
}

/** Answers a call with the one message that its handler returns, or with a status. At once, when the handler does. */
export function answerOnce(
  call: LiveCall,
  handle: () => unknown,
  respond: sendUnaryData<Buffer>,
  format: AnswerFormat,
): void {
  call.whenGivenUp((why) => respond(errorToStatus(why)));
  const fail = (error: unknown) => {
    tell(error, call, format);
    const status = errorToStatus(error);
    if (call.answered(status.name)) respond(status);
    call.handlerEnded();
  };
  const answer = (message: unknown) => {
    try {
      const bytes = bounded(message, format);
      if (call.answered('OK')) respond(null, bytes);
      call.handlerEnded();
    } catch (error) {
      fail(error);
    }
  };
  let returned: unknown;
  try {
    returned = handle();
  } catch (error) {
    fail(error);
    return;
  }
  if (returned instanceof Promise) returned.then(answer, fail);
  else if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function') {
    Promise.resolve(returned).then(answer, fail);
  } else answer(returned);
}

/** Answers a call with the messages that its handler gives, or with a status after some of them. */
export async function answerWithStream(
  call: LiveCall,
  handle: () => unknown,
  stream: Writable,
  format: AnswerFormat,
): Promise<void> {
  // grpc-js makes the status of it, after what was written before.
  const fail = (error: unknown) => stream.emit('error', errorToStatus(error));
  call.whenGivenUp(fail);
  try {
    const messages = handle() as AsyncIterable<unknown>;
    await sendAll(
      messages,
      stream,
      (message) => bounded(message, format),
      () => call.over !== undefined,
    );
    if (call.answered('OK')) stream.end();
  } catch (error) {
    tell(error, call, format);
    if (call.answered(errorToStatus(error).name)) fail(error);
  } finally {
    call.handlerEnded();
  }
}

function tell(error: unknown, call: LiveCall, { failed }: AnswerFormat): void {
  if (failed === undefined || isStatusError(error)) return;
  try {
    failed(error, call);
  } catch {
    // Whoever listens is no part of the call.
  }
}

function bounded(message: unknown, { encode, maxBytes }: AnswerFormat): Buffer {
  const bytes = encode(message);
  if (bytes.length <= maxBytes) return bytes;
  throw new StatusError('RESOURCE_EXHAUSTED', `the answer has ${bytes.length} bytes, at most ${maxBytes}`, {
    reason: TOO_LARGE,
    retry: 'never',
  });
}
