import {
  BatchError,
  ComponentError,
  type Envelope,
  isComponentError,
  type Sink,
  type SinkSession,
} from '@sluice/contracts';
import type { Hub } from '../hub/hub.js';
import { invalid } from '../hub/options.js';

/** Options of {@link realtimeSink}. */
export interface RealtimeSinkOptions<T> {
  /** Default: `realtime`. */
  readonly name?: string;
  /** Where the event goes; an empty list sends it to nobody. */
  readonly channel: (event: Envelope<T>) => string | readonly string[];
  /** What clients get: JSON, or a string that is sent as it is. Default: the envelope's own JSON. */
  readonly message?: (event: Envelope<T>) => unknown;
  /**
   * Where the event stands in its channels, for a hub whose history has a store or an epoch: a whole number that grows from event to event.
   * Default: none, the hub numbers its messages itself or not at all.
   */
  readonly offset?: (event: Envelope<T>) => number | bigint;
}

/** Events between two pauses; a batch of thousands must not look like a slow reader to readers who are not. */
const SLICE = 500;

/**
 * Pushes each event to the clients in its channels.
 *
 * Delivery is `plain`: a write resolves when the messages were handed to the sockets, in order. An event that is written again is pushed
 * again, unless it has an `offset`: then the hub leaves out what the channel had before. Without one a message should carry an id and a
 * version for the client to compare.
 *
 * An event for which `channel` or `message` throws, or whose message has no JSON form, is named in a `BatchError`; the others are pushed.
 * Throws `OPTIONS_INVALID`.
 */
export function realtimeSink<T>(hub: Hub, options: RealtimeSinkOptions<T>): Sink<T> {
  if (typeof options.channel !== 'function') throw invalid('channel', 'must be a function');
  if (options.offset !== undefined && typeof options.offset !== 'function')
    throw invalid('offset', 'must be a function');
  const message = options.message ?? ((event: Envelope<T>) => event.toJSON());
  return {
    name: options.name ?? 'realtime',
    features: { delivery: 'plain' },
    open: async () => session(hub, options.channel, message, options.offset),
  };
}

function session<T>(
  hub: Hub,
  channel: (event: Envelope<T>) => string | readonly string[],
  message: (event: Envelope<T>) => unknown,
  offset: ((event: Envelope<T>) => number | bigint) | undefined,
): SinkSession<T> {
  return {
    async write(events) {
      const failures = new Map<number, ComponentError>();
      for (let start = 0; start < events.length; start += SLICE) {
        const end = Math.min(start + SLICE, events.length);
        for (let i = start; i < end; i++) {
          const event = events[i] as Envelope<T>;
          try {
            hub.publish(channel(event), message(event), offset && { offset: offset(event) });
          } catch (error) {
            if (isComponentError(error) && error.retry === 'operator') throw error;
            failures.set(i, failure(error));
          }
        }
        await hub.flushed();
      }
      if (failures.size > 0) throw new BatchError(failures);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function failure(error: unknown): ComponentError {
  if (isComponentError(error)) return error;
  return new ComponentError('REALTIME_MESSAGE_INVALID', 'the channel or the message of an event could not be made', {
    cause: error,
  });
}
