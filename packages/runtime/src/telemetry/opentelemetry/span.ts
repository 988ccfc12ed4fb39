import {
  createTraceState,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Attributes as SpanAttributes,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import type { Envelope, Span, SpanLink, SpanOptions, TraceContext } from '@sluice/contracts';

type Describe = ((event: Envelope<unknown>) => SpanAttributes) | undefined;

/** Begins a span without a parent, linked to what caused it. */
export function beginSpan(tracer: Tracer, name: string, { attributes, links }: SpanOptions, describe: Describe): Span {
  const span = tracer.startSpan(
    name,
    { kind: SpanKind.CONSUMER, root: true, attributes, links: links.map((link) => linkOf(link, describe)) },
    ROOT_CONTEXT,
  );
  return {
    context: traceContext(span.spanContext()),
    end(failure) {
      if (failure !== undefined) {
        span.setAttribute('error.type', failure);
        span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      }
      span.end();
    },
  };
}

function linkOf({ context, event }: SpanLink, describe: Describe): Link {
  return { context: spanContext(context), attributes: describe === undefined ? {} : described(describe, event) };
}

function described(describe: (event: Envelope<unknown>) => SpanAttributes, event: Envelope<unknown>): SpanAttributes {
  try {
    return describe(event);
  } catch {
    // Who describes events is no part of the pipeline.
    return {};
  }
}

/** W3C Trace Context 3.2: version, trace id, parent id, flags. */
function spanContext({ traceparent, tracestate }: TraceContext): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}

function traceContext(context: SpanContext): TraceContext | undefined {
  if (!isSpanContextValid(context)) return undefined;
  const flags = context.traceFlags.toString(16).padStart(2, '0');
  const traceparent = `00-${context.traceId}-${context.spanId}-${flags}`;
  const tracestate = context.traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}
