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
import type { ServerCall } from './server-call.js';

/**
 * What answers the calls of a service: a function for each method, under its name in the generated code.
 *
 * | in the .proto | the function |
 * |---|---|
 * | `rpc M(A) returns (B)` | `(request, call) => B` or a promise of it |
 * | `rpc M(A) returns (stream B)` | `(request, call) => AsyncIterable<B>`: an async generator fits |
 * | `rpc M(stream A) returns (B)` | `(requests: AsyncIterable<A>, call) => Promise<B>` |
 * | `rpc M(stream A) returns (stream B)` | `(requests: AsyncIterable<A>, call) => AsyncIterable<B>` |
 *
 * A stream is pulled: the next message is asked for once the peer took the last ones. What a function throws becomes a status,
 * see `StatusError`.
 */
export type ServiceHandlers<S extends DescService> = {
  readonly [M in keyof S['method']]: MethodHandler<S['method'][M]>;
};

/** What answers one method. */
export type MethodHandler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: ServerCall) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: ServerCall) => AsyncIterable<MessageInitShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, call: ServerCall) => Promise<MessageInitShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (requests: AsyncIterable<MessageShape<I>>, call: ServerCall) => AsyncIterable<MessageInitShape<O>>
          : never;
