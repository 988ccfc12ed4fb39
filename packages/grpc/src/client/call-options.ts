import { Metadata } from '@grpc/grpc-js';
import type { TraceContext } from '@sluice/contracts';
import { duration, invalid } from '../options/numbers.js';
import type { ServerCall } from '../service/server-call.js';

/** What one call may have of its own. */
export interface CallOptions {
  /** Gives the call up: it rejects with `GRPC_CANCELLED`, and the server learns of it. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call rejects with `GRPC_DEADLINE_EXCEEDED`, all attempts together. Default: the client's. */
  readonly deadlineMs?: number;
  /** Text for the server (gRPC: metadata). Names in lower case; those that begin with `grpc-` are gRPC's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the call belongs in a trace. Default: that of `within`. */
  readonly trace?: TraceContext;
  /** The call that is being answered: this one ends with it, no later than its deadline, and is in the same trace. */
  readonly within?: Pick<ServerCall, 'deadline' | 'signal' | 'trace'>;
}

/** The earliest of all deadlines, in Unix milliseconds; undefined when there is none. */
export function deadlineOf({ deadlineMs, within }: CallOptions, defaultMs: number | undefined): number | undefined {
  const ms = deadlineMs === undefined ? defaultMs : duration('deadlineMs', deadlineMs);
  const own = ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms;
  const earliest = Math.min(own, within?.deadline ?? Number.POSITIVE_INFINITY);
  return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
}

/** What may abort the call. */
export function signalsOf({ signal, within }: CallOptions): AbortSignal[] {
  return [signal, within?.signal].filter((one) => one !== undefined);
}

/** Headers, with the trace among them. Throws `OPTIONS_INVALID` for a name or value that gRPC does not take. */
export function metadataOf({ headers, trace, within }: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers ?? {})) {
    try {
      metadata.set(name, value);
    } catch {
      // The reason would repeat the value, which may be a secret.
      throw invalid('headers', `has a name or a value that gRPC does not take: ${name}`);
    }
  }
  const context = trace ?? within?.trace;
  if (context !== undefined) {
    metadata.set('traceparent', context.traceparent);
    if (context.tracestate) metadata.set('tracestate', context.tracestate);
  }
  return metadata;
}
