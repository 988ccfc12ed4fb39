import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { asIs } from '../service/wire-message.js';
import { incoming } from '../stream/incoming.js';
import { sendAll } from '../stream/outgoing.js';
import { type CallOptions, deadlineOf, metadataOf, signalsOf } from './call-options.js';
import { Attempt, type MethodCalls, wireOptions } from './method-call.js';

/** One message there, many back. The call begins with the first that is asked for; to stop asking gives it up. */
export async function* serverStreamingCall(
  calls: MethodCalls,
  request: unknown,
  options: CallOptions,
): AsyncGenerator<unknown, void, void> {
  const bytes = calls.encode(request);
  const attempt = new Attempt(calls, signalsOf(options));
  const call = wireOptions(deadlineOf(options, undefined));
  const wire = attempt.begin(() =>
    calls.client.makeServerStreamRequest(calls.path, asIs, calls.decode, bytes, metadataOf(options), call),
  );
  yield* answers(wire, attempt);
}

/** Many messages both ways, each as fast as its reader takes it. The call begins with the first answer that is asked for. */
export async function* bidiStreamingCall(
  calls: MethodCalls,
  requests: AsyncIterable<unknown>,
  options: CallOptions,
): AsyncGenerator<unknown, void, void> {
  const attempt = new Attempt(calls, signalsOf(options));
  const call = wireOptions(deadlineOf(options, undefined));
  const wire = attempt.begin(() =>
    calls.client.makeBidiStreamRequest(calls.path, asIs, calls.decode, metadataOf(options), call),
  );
  let over = false;
  wire.once('status', () => {
    over = true;
  });
  let broken: { readonly cause: unknown } | undefined;
  sendAll(requests, wire, calls.encode, () => over).then(
    () => wire.end(),
    (cause) => {
      broken = { cause };
      wire.cancel();
    },
  );
  try {
    yield* answers(wire, attempt);
  } catch (error) {
    throw broken === undefined ? error : broken.cause;
  } finally {
    over = true;
    wire.emit('close');
  }
}

async function* answers(wire: ClientReadableStream<unknown>, attempt: Attempt): AsyncGenerator<unknown, void, void> {
  let failure: ServiceError | undefined;
  wire.on('error', (error: ServiceError) => {
    failure ??= error;
  });
  try {
    yield* incoming(wire, () => (failure === undefined ? undefined : attempt.failed(failure)));
    attempt.succeeded();
  } finally {
    attempt.leave();
  }
}
