import type { ErrorEntry } from './error-table.js';

/** The codes of realtime. */
export const REALTIME_ERRORS = {
  REALTIME_CLOSED: { retry: 'operator', advice: 'The hub was closed: publish before it is, or make another one.' },
  REALTIME_MESSAGE_INVALID: {
    retry: 'never',
    advice:
      'Publish (from a `realtimeSink`: return from `message`) what JSON can express: no undefined, no bigint, no cycle; with `history`, an object.',
  },
  REALTIME_KEYS_UNREACHABLE: {
    retry: 'backoff',
    advice:
      'The address of `jwks` did not answer with a key set: look at what it answers. Handshakes are answered 503 until it does.',
  },
  REALTIME_PRESENCE_INFO: {
    retry: 'never',
    advice:
      'The `info` of a member must have a JSON form of at most `presence.maxInfoBytes`: return less from the `presence` hook.',
  },
  REALTIME_OFFSET_INVALID: {
    retry: 'operator',
    advice:
      'Give `offset` (a whole number from 1, growing within a channel) if the hub has a history with a store or an epoch, and leave it out otherwise.',
  },
  REALTIME_HISTORY_FAILED: {
    retry: 'backoff',
    advice:
      'The history of channels could not be read, or gave messages out of order: the cause or the details say which. Clients try again.',
  },
} as const satisfies Record<string, ErrorEntry>;
