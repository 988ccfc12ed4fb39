import type { ErrorEntry } from './error-table.js';

/** The codes of gRPC: one for each status that is no success, then our own. */
export const GRPC_ERRORS = {
  GRPC_CANCELLED: { retry: 'never', advice: 'Nothing: the call was given up by its caller.' },
  GRPC_UNKNOWN: { retry: 'backoff', advice: 'The server did not say what failed: look at its log.' },
  GRPC_INVALID_ARGUMENT: { retry: 'never', advice: 'Correct the request; the message says what is wrong with it.' },
  GRPC_DEADLINE_EXCEEDED: {
    retry: 'backoff',
    advice: 'The server did not answer in time: look at what it waits for, or raise `deadlineMs`.',
  },
  GRPC_NOT_FOUND: { retry: 'never', advice: 'There is no such thing; the message says which.' },
  GRPC_ALREADY_EXISTS: { retry: 'never', advice: 'It is there already; the message says what.' },
  GRPC_PERMISSION_DENIED: { retry: 'operator', advice: 'Give the caller the right that it lacks.' },
  GRPC_RESOURCE_EXHAUSTED: {
    retry: 'backoff',
    advice: 'A quota or a limit of the server is used up: send less, or raise it.',
  },
  GRPC_FAILED_PRECONDITION: {
    retry: 'never',
    advice: 'The state of things does not allow the call; the message says what does not.',
  },
  GRPC_ABORTED: {
    retry: 'backoff',
    advice: 'Another call was in the way: read again what it changed, then try again.',
  },
  GRPC_OUT_OF_RANGE: { retry: 'never', advice: 'Correct the range that is asked for.' },
  GRPC_UNIMPLEMENTED: {
    retry: 'operator',
    advice: 'The server does not know the method: deploy a version that does, or correct the address.',
  },
  GRPC_INTERNAL: { retry: 'backoff', advice: 'The server failed: look at its log, at the time of the call.' },
  GRPC_UNAVAILABLE: {
    retry: 'backoff',
    advice: 'The server cannot be reached, stops, or has no room: it is tried again.',
  },
  GRPC_DATA_LOSS: { retry: 'operator', advice: 'The server lost data or found it damaged: look at its log.' },
  GRPC_UNAUTHENTICATED: { retry: 'operator', advice: 'Give the client credentials that the server accepts.' },
  GRPC_MESSAGE_TOO_LARGE: {
    retry: 'never',
    advice: 'Send less in one message, or a stream of them; or raise `maxMessageBytes` on the side that refused.',
  },
  GRPC_MESSAGE_INVALID: {
    retry: 'never',
    advice: 'The message does not fit its .proto: correct the field that is named.',
  },
  GRPC_OVERLOADED: {
    retry: 'backoff',
    advice: 'The server has as many calls in progress as `limits.maxConcurrentCalls` allows: it is tried again.',
  },
  GRPC_LISTEN_FAILED: { retry: 'operator', advice: 'Free the port, or give another `port` or `host`.' },
  GRPC_STATE: {
    retry: 'operator',
    advice: 'A server listens once and a closed client stays closed: make another one.',
  },
} as const satisfies Record<string, ErrorEntry>;
