import { asIs } from '../service/wire-message.js';
import { sendAll } from '../stream/outgoing.js';
import { type CallOptions, deadlineOf, metadataOf, signalsOf } from './call-options.js';
import { Attempt, type MethodCalls, wireOptions } from './method-call.js';

/** One message there, one back. */
export async function unaryCall(calls: MethodCalls, request: unknown, options: CallOptions): Promise<unknown> {
  const bytes = calls.encode(request);
  const deadline = deadlineOf(options, calls.deadlineMs);
  const metadata = metadataOf(options);
  const attempt = new Attempt(calls, signalsOf(options));
  return new Promise((resolve, reject) => {
    attempt.begin(() =>
      calls.client.makeUnaryRequest(
        calls.path,
        asIs,
        calls.decode,
        bytes,
        metadata,
        wireOptions(deadline),
        (failure, answer) => {
          if (failure !== null) return reject(attempt.failed(failure));
          attempt.succeeded();
          resolve(answer);
        },
      ),
    );
  });
}

/** Messages there as the server takes them, one back. The server may answer before it has them all. */
export async function clientStreamingCall(
  calls: MethodCalls,
  requests: AsyncIterable<unknown>,
  options: CallOptions,
): Promise<unknown> {
  const deadline = deadlineOf(options, calls.deadlineMs);
  const metadata = metadataOf(options);
  const attempt = new Attempt(calls, signalsOf(options));
  let over = false;
  return new Promise((resolve, reject) => {
    const wire = attempt.begin(() =>
      calls.client.makeClientStreamRequest(
        calls.path,
        asIs,
        calls.decode,
        metadata,
        wireOptions(deadline),
        (failure, answer) => {
          over = true;
          if (failure !== null) return reject(attempt.failed(failure));
          attempt.succeeded();
          resolve(answer);
        },
      ),
    );
    // The answer says what a write to a call that is over would.
    wire.on('error', () => {});
    sendAll(requests, wire, calls.encode, () => over).then(
      () => wire.end(),
      (error) => {
        attempt.leave();
        reject(error);
      },
    );
  });
}
