import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { openTelemetry } from '@sluice/runtime/opentelemetry';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import type { Change } from '../../src/index.js';
import { changesOf } from '../support/drive.js';

const db = useDatabase();

test('the write of a sink is linked to the spans in which its transactions were committed', async () => {
  const exporter = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const slot = `${db.name}_trace`;
  await db.query('CREATE TABLE orders (id int PRIMARY KEY, body text)');
  await db.query(`CREATE PUBLICATION ${slot} FOR TABLE orders`);
  await db.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  const commit = (n: number) => ({ traceId: `${n}`.repeat(32), spanId: `${n}`.repeat(16) });
  for (const n of [1, 2]) {
    const { traceId, spanId } = commit(n);
    const context = JSON.stringify({ traceparent: `00-${traceId}-${spanId}-01` });
    await db.query(
      `BEGIN; SELECT pg_logical_emit_message(true, 'sluice.context', '${context}');
       INSERT INTO orders SELECT ${n} * 10 + i, 'secret' FROM generate_series(1, 5) i; COMMIT`,
    );
  }
  await using running = pipeline('traced', { telemetry: openTelemetry({ tracer: tracers.getTracer('test') }) })
    .from(
      changesOf(db.url, slot, {
        publication: slot,
        slot: { name: slot, create: false },
        snapshot: 'never',
      }),
    )
    .to(memorySink<Change>(), { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  await running.caughtUp({ timeoutMs: 20_000 });
  await running.drain();
  await ended;
  // A transaction may come in several frames, and so be written in several writes.
  const linked = exporter.getFinishedSpans().flatMap(({ links }) => links.map(({ context }) => context));
  expect([...new Map(linked.map((context) => [context.spanId, context])).values()]).toMatchObject([
    commit(1),
    commit(2),
  ]);
  const told = exporter.getFinishedSpans().map(({ attributes, links, events }) => ({ attributes, links, events }));
  expect(JSON.stringify(told)).not.toContain('secret');
});
