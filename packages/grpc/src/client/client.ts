import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { Client } from '@grpc/grpc-js';
import type { CallOptions } from './call-options.js';
import { channelOptions } from './channel-options.js';
import { type GrpcClientOptions, resolveClientOptions } from './client-options.js';
import { clientCredentials } from './credentials.js';
import { type Attempt, type MethodCalls, methodCalls } from './method-call.js';
import { clientStreamingCall, unaryCall } from './single-answer.js';
import { bidiStreamingCall, serverStreamingCall } from './streamed-answer.js';

/**
 * A client of a generated service: a function for each method, under its name in the generated code. It connects with the first
 * call, and again when the connection is lost.
 *
 * Calls reject with a `ComponentError` whose code is `GRPC_` and the status, see `statusOf`. A message is given whole or as its
 * fields.
 *
 * Throws `OPTIONS_INVALID`.
 */
export function grpcClient<S extends DescService>(service: S, options: GrpcClientOptions): GrpcClient<S> {
  const resolved = resolveClientOptions(service, options);
  const { address, tls, deadlineMs, telemetry } = resolved;
  const client = new Client(address, clientCredentials(address, tls), channelOptions(service, resolved));
  const inProgress = new Set<Attempt>();
  const close = () => {
    for (const attempt of inProgress) attempt.abort();
    client.close();
  };
  const members: Record<string | symbol, unknown> = { close, [Symbol.asyncDispose]: async () => close() };
  for (const method of service.methods) {
    members[method.localName] = caller(method, methodCalls(method, client, deadlineMs, inProgress, telemetry));
  }
  return members as GrpcClient<S>;
}

/** See {@link grpcClient}. */
export type GrpcClient<S extends DescService> = {
  readonly [M in keyof S['method']]: MethodCaller<S['method'][M]>;
} & Omit<{ /** Gives up what is in progress and disconnects, for good. */ close(): void }, keyof S['method']> &
  AsyncDisposable;

/** What calls one method. */
export type MethodCaller<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageInitShape<I>>, options?: CallOptions) => Promise<MessageShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (requests: AsyncIterable<MessageInitShape<I>>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
          : never;

function caller({ methodKind }: DescMethod, calls: MethodCalls) {
  switch (methodKind) {
    case 'unary':
      return (request: unknown, options: CallOptions = {}) => unaryCall(calls, request, options);
    case 'client_streaming':
      return (requests: AsyncIterable<unknown>, options: CallOptions = {}) =>
        clientStreamingCall(calls, requests, options);
    case 'server_streaming':
      return (request: unknown, options: CallOptions = {}) => serverStreamingCall(calls, request, options);
    case 'bidi_streaming':
      return (requests: AsyncIterable<unknown>, options: CallOptions = {}) =>
        bidiStreamingCall(calls, requests, options);
  }
}
