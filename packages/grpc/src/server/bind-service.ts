import type { DescMethod } from '@bufbuild/protobuf';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Server,
  ServiceDefinition,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { Telemetry } from '@sluice/contracts';
import type { AnyHandler, ImplementedService } from '../service/implement.js';
import type { ServerCall } from '../service/server-call.js';
import { asIs, decoder, encoder } from '../service/wire-message.js';
import { errorToStatus } from '../status/error-to-status.js';
import { StatusError } from '../status/status-error.js';
import { callMeter } from '../telemetry/call-meter.js';
import { METRICS } from '../telemetry/metrics.js';
import { answerOnce, answerWithStream } from './answer.js';
import type { CallsInProgress } from './calls-in-progress.js';
import { LiveCall, type WireCall } from './live-call.js';
import { requestsOf } from './requests.js';

/** What the calls of a service run under. */
export interface CallFrame {
  readonly calls: CallsInProgress;
  readonly deadlineMs: number;
  readonly maxBytes: number;
  readonly telemetry: Telemetry | undefined;
  readonly failed: ((error: unknown, call: ServerCall) => void) | undefined;
}

/** Has a server of grpc-js answer the calls of a service. */
export function bindService(server: Server, { service, handlers }: ImplementedService, frame: CallFrame): void {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: Record<string, UntypedHandleCall> = {};
  for (const method of service.methods) {
    const handler = handlers.get(method.localName);
    if (handler === undefined) continue;
    definition[method.localName] = methodDefinition(method);
    implementation[method.localName] = answering(method, handler, frame);
  }
  server.addService(definition, implementation);
}

function methodDefinition(method: DescMethod): ServiceDefinition[string] {
  const decode = decoder(method.output);
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: asIs,
    requestDeserialize: decoder(method.input),
    responseSerialize: asIs,
    responseDeserialize: decode,
  };
}

function answering(method: DescMethod, handler: AnyHandler, frame: CallFrame): UntypedHandleCall {
  const format = { encode: encoder(method.output), maxBytes: frame.maxBytes, failed: frame.failed };
  const begin = beginner(method, frame);
  switch (method.methodKind) {
    case 'unary':
      return ((wire, respond) => {
        const call = begin(wire, (status) => respond(status));
        if (call !== undefined) answerOnce(call, () => handler(wire.request, call), respond, format);
      }) satisfies handleUnaryCall<unknown, Buffer>;
    case 'client_streaming':
      return ((wire, respond) => {
        const call = begin(wire, (status) => respond(status));
        if (call !== undefined) answerOnce(call, () => handler(requestsOf(wire, call), call), respond, format);
      }) satisfies handleClientStreamingCall<unknown, Buffer>;
    case 'server_streaming':
      return ((wire) => {
        const call = begin(wire, (status) => wire.emit('error', status));
        if (call !== undefined) void answerWithStream(call, () => handler(wire.request, call), wire, format);
      }) satisfies handleServerStreamingCall<unknown, Buffer>;
    case 'bidi_streaming':
      return ((wire) => {
        const call = begin(wire, (status) => wire.emit('error', status));
        if (call !== undefined) void answerWithStream(call, () => handler(requestsOf(wire, call), call), wire, format);
      }) satisfies handleBidiStreamingCall<unknown, Buffer>;
  }
}

/** Begins calls of a method; refuses one, and returns undefined, when there are as many as there may be. */
function beginner({ parent, name, methodKind }: DescMethod, { calls, deadlineMs, telemetry }: CallFrame) {
  const path = `${parent.typeName}/${name}`;
  const meter = callMeter(telemetry, METRICS.server, path);
  const lasts = methodKind === 'server_streaming' || methodKind === 'bidi_streaming';
  return (wire: WireCall, refuse: (status: ReturnType<typeof errorToStatus>) => void): LiveCall | undefined => {
    if (!calls.full) return new LiveCall(wire, path, calls, meter, lasts ? undefined : deadlineMs);
    refuse(errorToStatus(new StatusError('UNAVAILABLE', 'too many calls in progress', { reason: 'GRPC_OVERLOADED' })));
    meter.ended('UNAVAILABLE', performance.now());
    return undefined;
  };
}
