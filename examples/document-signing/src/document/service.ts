import type { Cache, Counters, ObjectStore } from '@sluice/contracts';
import { grpcServer, type ListenOptions } from '@sluice/grpc';
import { prometheusTelemetry } from '@sluice/runtime/prometheus';
import type { Pool } from 'pg';
import { Counter, Registry } from 'prom-client';
import { boundBodies } from '../http/body-memory.js';
import { NotReady } from '../http/health.js';
import { httpService } from '../http/http-service.js';
import { type HttpLimits, limitsOf } from '../http/limits.js';
import type { Log } from '../http/log.js';
import type { Service } from '../http/service.js';
import { sweepOrphans } from '../orphans/orphan-sweep.js';
import { DocumentCache } from './document-cache.js';
import { DocumentTable } from './document-table.js';
import { Documents } from './documents.js';
import { documentGrpc } from './grpc.js';
import { documentOf } from './orphans.js';
import { documentRoutes } from './routes.js';

/** What the document service works with. Whoever gives a part closes it, after the service. */
export interface DocumentServiceParts {
  /** Connections to the database that `createDocumentTables` was run on. */
  readonly pool: Pool;
  /** Of the bucket `documents`. */
  readonly objects: ObjectStore;
  readonly cache: Cache;
  readonly counters: Counters;
  /** Where gRPC listens. */
  readonly grpc: ListenOptions;
  readonly log: Log;
  readonly registry?: Registry;
  /** Whose X-Forwarded-For is believed, addresses and networks. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Names besides `localhost` and addresses under which it is reached. Default: none. */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  /**
   * How old an object without a row must be to be taken away at start, in milliseconds: another process may be about to write the
   * row of a younger one. Default: 900,000. 0 where no other process writes.
   */
  readonly orphansAfterMs?: number;
}

/** A document service that answers gRPC already. */
export interface RunningDocumentService extends Service {
  readonly grpc: { readonly host: string; readonly port: number };
}

/** Documents over HTTP, and over gRPC for other services. Objects without a row are looked for in the background. */
export async function documentService(parts: DocumentServiceParts): Promise<RunningDocumentService> {
  const { pool, objects, counters, registry = new Registry() } = parts;
  const log = parts.log.child({ service: 'document' });
  const table = new DocumentTable(pool);
  const asked = new Counter({
    name: 'document_cache_requests_total',
    help: 'Documents looked for in the cache',
    labelNames: ['result'],
    registers: [registry],
  });
  const documents = new Documents({ table, objects, cache: new DocumentCache(parts.cache, log, asked), counters, log });

  const grpc = grpcServer({
    services: [documentGrpc(documents, log)],
    reflection: true,
    telemetry: prometheusTelemetry({ registry }),
  });
  let closing: Promise<unknown> | undefined;
  const readiness = {
    database: () => table.answers(),
    objects: async () => void (await objects.head('readiness')),
    grpc: async () => {
      if (closing !== undefined) throw new NotReady('closing');
    },
  };
  const app = await httpService({
    name: 'document',
    description: 'Documents, their contents, and how often they were looked at',
    readiness,
    registry,
    log: parts.log,
    ...(parts.trustedProxies ? { trustedProxies: parts.trustedProxies } : {}),
    ...(parts.allowedHosts ? { allowedHosts: parts.allowedHosts } : {}),
    ...(parts.limits ? { limits: parts.limits } : {}),
  });
  boundBodies(app, limitsOf(parts.limits).bodiesBytes);
  documentRoutes(app, documents);
  await app.ready();
  const address = await grpc.listen(parts.grpc).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });

  const sweep = sweepOrphans(
    { objects, ownerOf: documentOf, existing: (ids) => table.existing(ids) },
    { afterMs: parts.orphansAfterMs ?? 900_000, log },
  );
  const close = () => Promise.all([app.close(), grpc.drain(), sweep.stop()]);
  return {
    name: 'document',
    app,
    grpc: address,
    async close() {
      closing ??= close();
      await closing;
    },
  };
}
