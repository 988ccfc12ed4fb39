import type { Envelope } from '../event/envelope.js';

/** A place in a trace, in the form in which headers carry it (W3C Trace Context, level 1). */
export interface TraceContext {
  /** `00-<32 hexadecimal digits>-<16>-<2>` */
  readonly traceparent: string;
  /** What vendors added; at most 512 characters. */
  readonly tracestate?: string;
}

/** Characters of a `tracestate` above which it is left out (W3C Trace Context, 3.3.1.5). */
const MAX_TRACESTATE = 512;

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x20-\x7e]{0,128})?$/;
const TRACESTATE = /^[\x20-\x7e]+$/;

/**
 * The trace context in the headers of an event; undefined when there is none, or none that is valid. Headers come from
 * anywhere: what is not exactly as W3C Trace Context 3.2 and 3.3 want it is left out.
 */
export function traceContextOf(headers: {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
}): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  // Version 00 ends with its flags; what follows them is for versions that we do not know.
  if (traceparent.startsWith('00') && traceparent.length > 55) return undefined;
  if (typeof tracestate !== 'string' || tracestate.length > MAX_TRACESTATE) return { traceparent };
  return TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}

/**
 * The events with `trace` in their headers instead of what they carried before; the same events when there is no `trace`.
 * For whoever sends events on: the next process links its spans to this one.
 */
export function carryTrace<T>(events: readonly Envelope<T>[], trace: TraceContext | undefined): readonly Envelope<T>[] {
  if (trace === undefined) return events;
  // An older `tracestate` belongs to another trace: empty, which is valid, it counts for nothing.
  const headers = { traceparent: trace.traceparent, tracestate: trace.tracestate ?? '' };
  return events.map((event) => event.with(event.data, { headers }));
}
