import type { ObjectStore } from '@sluice/contracts';
import type { Pool } from 'pg';
import { Registry } from 'prom-client';
import { boundBodies } from '../http/body-memory.js';
import { httpService } from '../http/http-service.js';
import { type HttpLimits, limitsOf } from '../http/limits.js';
import type { Log } from '../http/log.js';
import type { Service } from '../http/service.js';
import { sweepOrphans } from '../orphans/orphan-sweep.js';
import { AskedDocuments, type DocumentClient } from './asked-documents.js';
import { signatureOf } from './orphans.js';
import { signatureRoutes } from './routes.js';
import { SignatureTable } from './signature-table.js';
import { Signatures } from './signatures.js';

/** What the signature service works with. Whoever gives a part closes it, after the service. */
export interface SignatureServiceParts {
  /** Connections to the database that `createSignatureTables` was run on. */
  readonly pool: Pool;
  /** Of the bucket `documents`. */
  readonly objects: ObjectStore;
  /** `grpcClient(DocumentService, { address })` */
  readonly documents: DocumentClient;
  readonly log: Log;
  readonly registry?: Registry;
  /** Whose X-Forwarded-For is believed, addresses and networks. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Names besides `localhost` and addresses under which it is reached. Default: none. */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  /**
   * How old a drawing without a row must be to be taken away at start, in milliseconds: another process may be about to write the row of
   * a younger one. Default: 900,000. 0 where no other process writes.
   */
  readonly orphansAfterMs?: number;
}

/**
 * Signatures over HTTP. It asks the document service over gRPC, and no other way. Drawings without a row are looked for in the background.
 */
export async function signatureService(parts: SignatureServiceParts): Promise<Service> {
  const { pool, objects, registry = new Registry() } = parts;
  const log = parts.log.child({ service: 'signature' });
  const table = new SignatureTable(pool);
  const documents = new AskedDocuments(parts.documents, log);
  const app = await httpService({
    name: 'signature',
    description: 'Who has signed which document, and what the signature looks like',
    readiness: {
      database: () => table.answers(),
      objects: async () => void (await objects.head('readiness')),
      documents: () => documents.answers(),
    },
    registry,
    log: parts.log,
    ...(parts.trustedProxies ? { trustedProxies: parts.trustedProxies } : {}),
    ...(parts.allowedHosts ? { allowedHosts: parts.allowedHosts } : {}),
    ...(parts.limits ? { limits: parts.limits } : {}),
  });
  boundBodies(app, limitsOf(parts.limits).bodiesBytes);
  signatureRoutes(app, new Signatures({ table, objects, documents, log }));
  await app.ready();
  const sweep = sweepOrphans(
    { objects, ownerOf: signatureOf, existing: (ids) => table.existing(ids) },
    { afterMs: parts.orphansAfterMs ?? 900_000, log },
  );
  let closing: Promise<unknown> | undefined;
  return {
    name: 'signature',
    app,
    async close() {
      closing ??= Promise.all([app.close(), sweep.stop()]);
      await closing;
    },
  };
}
