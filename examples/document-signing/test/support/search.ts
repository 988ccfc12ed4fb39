import { postgresChanges, toDebezium } from '@sluice/cdc';
import { type ComponentContext, Envelope, type EventOrigin, type ObjectStore, type Version } from '@sluice/contracts';
import { expandEvents, memoryDeadLetters, pipeline } from '@sluice/runtime';
import { postgresCheckpoints, postgresLog, postgresSearch } from '@sluice/store-pg';
import { memoryObjects, waitFor } from '@sluice/testkit';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { openLog } from '../../src/http/log.js';
import { processorPipeline } from '../../src/processor/processor-pipeline.js';
import { DOCUMENTS_INDEX, documentFields } from '../../src/search/document-index.js';
import { searchService } from '../../src/search/service.js';
import { call } from './answers.js';

const context: ComponentContext = { pipeline: 'test', signal: new AbortController().signal, notice: () => undefined };

/** The search service, the processor and the log of topics, in one database; what is started ends with the test. */
export async function startSearch(connection: string, given: { readonly objects?: ObjectStore } = {}) {
  const index = postgresSearch({ connection, index: DOCUMENTS_INDEX, fields: documentFields });
  const transport = postgresLog({ connection });
  const checkpoints = postgresCheckpoints({ connection });
  const service = await searchService({ index, log: openLog({ level: 'silent' }) });
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  const objects = given.objects ?? memoryObjects();
  const publisher = await transport.publisher(context);
  onTestFinished(async () => {
    await service.close();
    await publisher[Symbol.asyncDispose]();
    await index[Symbol.asyncDispose]();
    await checkpoints[Symbol.asyncDispose]();
  });

  return {
    url,
    index,
    objects,
    /** Starts the processor; with other `checkpoints` it begins with the oldest record. */
    async process(parts: Partial<Parameters<typeof processorPipeline>[0]> = {}) {
      const registry = new Registry();
      const deadLetters = memoryDeadLetters();
      const running = processorPipeline({ transport, objects, index, checkpoints, deadLetters, registry, ...parts });
      running.run().catch(() => undefined); // told by what the test waits for
      const stop = () => running.drain({ timeoutMs: 5_000 }).then(() => undefined);
      onTestFinished(stop);
      return { running, registry, deadLetters, stop, caughtUp: () => running.caughtUp({ timeoutMs: 60_000 }) };
    },
    /** Follows the table `documents.documents` into the topic, as Debezium would. */
    follow() {
      const changes = pipeline('changes')
        .from(
          postgresChanges({ connection, tables: ['documents.documents'], slot: `search_${process.pid}_${Date.now()}` }),
        )
        .pipe(expandEvents(toDebezium({ name: 'cdc' })))
        .to(transport.sink<Uint8Array>({ topic: 'cdc.documents' }));
      changes.run().catch(() => undefined);
      onTestFinished(() => changes.drain({ timeoutMs: 5_000 }).then(() => undefined));
    },
    publish: (...events: readonly Envelope<Uint8Array>[]) => publisher.publish('cdc.documents', events),
    search: (query: Record<string, string>) => call(`${url}/search?${new URLSearchParams(query)}`, 'GET'),
    /** Waits until the search finds these, in this order. */
    async finds(q: string, ids: readonly string[]) {
      await waitFor(
        async () => {
          const { body } = await call(`${url}/search?${new URLSearchParams({ q, size: '100' })}`, 'GET');
          const found = body.documents.map(({ id }: { id: string }) => id);
          return found.length === ids.length && ids.every((id, at) => found[at] === id);
        },
        { what: `the search for ${q} to find ${ids.length}`, timeoutMs: 30_000 },
      );
    },
  };
}

/** A row of `documents.documents` as Debezium writes it. */
export function row(id: string, given: object = {}) {
  return {
    ...{ id, title: `Lease ${id}`, content_type: 'text/plain', content_size: 5, s3_key: `${id}/content` },
    ...{ status: 'created', created_by: 'ann@example.com', version: 1 },
    ...{ created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' },
    ...given,
  };
}

/** A record of `cdc.documents` at this position; null is a tombstone. */
export function record(id: string, value: bigint, data: object | string | null, epoch = '1'): Envelope<Uint8Array> {
  const version: Version = { epoch, value };
  const origin: EventOrigin = {
    source: '/test',
    type: () => 'documents.documents.change',
    id: () => `${id}-${value}-${epoch}`,
    key: () => JSON.stringify({ id }),
    time: () => new Date(0),
    version: () => version,
    headers: () => ({}),
  };
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return new Envelope<Uint8Array>(data === null ? null : Buffer.from(text), origin, 0);
}

/** A record that says that the row is so now. */
export const written = (op: 'c' | 'u' | 'r', value: bigint, after: ReturnType<typeof row>) =>
  record(after.id, value, { before: null, after, op, ts_ms: 0, source: {} });

/** A record that says that the row is gone. */
export const deleted = (id: string, value: bigint) =>
  record(id, value, { before: row(id), after: null, op: 'd', ts_ms: 0, source: {} });
