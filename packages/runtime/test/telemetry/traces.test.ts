import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Publisher, Sink, Transport } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { mapEvents, memoryCheckpoints, memorySink, memorySource, memoryTransport, pipeline } from '../../src/index.js';
import { openTelemetry } from '../../src/telemetry/opentelemetry/index.js';
import { failingSink } from '../support/failing-sink.js';

function tracing() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return { tracer: provider.getTracer('test'), spans: () => exporter.getFinishedSpans() };
}

/** A commit's context: trace number `n`. */
const commit = (n: number) => `00-${n.toString(16).padStart(32, 'a')}-${'b'.repeat(16)}-01`;

/** Sends on what it is given. */
function publishing(transport: Transport, topic: string): Sink<Uint8Array> {
  return {
    name: topic,
    features: { delivery: 'plain' },
    async open(context) {
      const publisher: Publisher = await transport.publisher(context);
      return {
        write: (events, ctx) => publisher.publish(topic, events, ctx),
        [Symbol.asyncDispose]: () => publisher[Symbol.asyncDispose](),
      };
    },
  };
}

test('a commit is linked to the write of one pipeline, and that to the write of the next', async () => {
  const { tracer, spans } = tracing();
  const telemetry = openTelemetry({ tracer });
  const transport = memoryTransport();
  const source = memorySource<Uint8Array>();
  const headers = { traceparent: commit(1), tracestate: 'vendor=1', tenant: 'a' };
  source.push({ data: new Uint8Array(1), headers }, { data: new Uint8Array(2), headers });
  source.end();
  const sink = memorySink<Uint8Array>({ name: 'last' });
  const second = pipeline('second', { telemetry })
    .from(transport.subscribe({ topics: ['t'], group: 'g' }))
    .to(sink, { checkpoints: memoryCheckpoints() });
  const ended = second.run();
  await pipeline('first', { telemetry })
    .from(source)
    .to(publishing(transport, 't'), { checkpoints: memoryCheckpoints() })
    .run();
  await second.caughtUp();
  await second.drain();
  await ended;
  const [publish, store] = spans();
  expect(spans()).toHaveLength(2);
  expect(publish).toMatchObject({
    name: 'sluice.write',
    kind: SpanKind.CONSUMER,
    attributes: { 'sluice.pipeline': 'first', 'sluice.sink': 't', 'sluice.events': 2, 'sluice.attempt': 0 },
    links: [{ context: { traceId: commit(1).slice(3, 35), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true } }],
  });
  expect(publish?.links[0]?.context.traceState?.get('vendor')).toBe('1');
  expect(publish?.parentSpanContext).toBeUndefined();
  expect(store?.links.map(({ context }) => context.spanId)).toEqual([publish?.spanContext().spanId]);
  const { traceId, spanId } = publish?.spanContext() ?? {};
  expect(sink.events[0]?.headers).toMatchObject({ traceparent: `00-${traceId}-${spanId}-01`, tenant: 'a' });
  expect(sink.events[0]?.headers['tracestate']).toBe('');
});

test('a write links to each commit of its batch once, to 128 at most, and to none that is no valid context', async () => {
  const { tracer, spans } = tracing();
  const invalid = ['', 'x', `${commit(1)}\r\nSet-Cookie: a`, commit(2).replace('00-', 'ff-'), `${commit(3)}-more`];
  const contexts = [...invalid, commit(7), commit(7), ...Array.from({ length: 200 }, (_, n) => commit(n + 10))];
  const source = memorySource<number>({ batch: 1000 });
  source.push(...contexts.map((traceparent, data) => ({ data, headers: { traceparent } })));
  source.end();
  await pipeline('many', { telemetry: openTelemetry({ tracer }) })
    .from(source)
    .to(memorySink<number>(), { checkpoints: memoryCheckpoints() })
    .run();
  const [span] = spans();
  expect(span?.links.map(({ context }) => context.traceId)).toEqual(
    [7, ...Array.from({ length: 127 }, (_, n) => n + 10)].map((n) => commit(n).slice(3, 35)),
  );
});

test('no data gets into a span, unless it is asked for by name', async () => {
  const { tracer, spans } = tracing();
  const run = async (telemetry: ReturnType<typeof openTelemetry>) => {
    const source = memorySource<{ secret: string }>();
    source.push({ key: 'key-1', data: { secret: 'data-1' }, headers: { traceparent: commit(1), other: 'header-1' } });
    source.end();
    await pipeline('quiet', { telemetry })
      .from(source)
      .to(memorySink<{ secret: string }>(), { checkpoints: memoryCheckpoints() })
      .run();
  };
  await run(openTelemetry({ tracer }));
  const [span] = spans();
  expect(JSON.stringify([span?.attributes, span?.links])).not.toMatch(/data-1|key-1|header-1|memory-0/);
  await run(openTelemetry({ tracer, attributes: ({ key }) => ({ 'order.id': key ?? '' }) }));
  expect(spans()[1]?.links).toMatchObject([{ attributes: { 'order.id': 'key-1' } }]);
  const broken = () => {
    throw new Error('no');
  };
  await run(openTelemetry({ tracer, attributes: broken }));
  expect(spans()[2]?.links.map(({ attributes = {} }) => attributes)).toEqual([{}]);
});

test('a write that fails ends its span with the code, and each attempt has one of its own', async () => {
  const { tracer, spans } = tracing();
  const source = memorySource<number>();
  source.push({ data: 1 });
  source.end();
  await pipeline('twice', { telemetry: openTelemetry({ tracer }), notice: () => {} })
    .from(source)
    .pipe(mapEvents((n) => n))
    .to(
      failingSink((attempt) => (attempt === 0 ? 'MEMORY_FULL' : 'write')),
      { checkpoints: memoryCheckpoints(), retry: { initialMs: 1 } },
    )
    .run();
  expect(spans().map(({ attributes, status }) => [attributes['sluice.attempt'], status])).toEqual([
    [0, { code: SpanStatusCode.ERROR, message: 'MEMORY_FULL' }],
    [1, { code: SpanStatusCode.UNSET }],
  ]);
  expect(spans()[0]?.attributes['error.type']).toBe('MEMORY_FULL');
});
