import { fileURLToPath } from 'node:url';
import { isComponentError } from '@sluice/contracts';
import { grpcClient } from '@sluice/grpc';
import { startPostgres } from '@sluice/testkit/postgres';
import { Registry } from 'prom-client';
import { Closing } from './closing.js';
import { openDataFolder, rememberPostgres, secretOf } from './data-folder.js';
import { DatabaseEnded } from './database/database-ended.js';
import { openPool } from './database/pool.js';
import { documentService } from './document/service.js';
import { createDocumentTables } from './document/tables.js';
import { embeddedParts } from './embedded-parts.js';
import { gatewayService } from './gateway/service.js';
import { DocumentService } from './generated/document_pb.js';
import { openLog } from './http/log.js';
import type { Service } from './http/service.js';
import { type Pipelines, pipelinesOf } from './pipelines.js';
import { realtimeService } from './realtime/service.js';
import { createRealtimeTables } from './realtime/tables.js';
import { claimFolder } from './run-file.js';
import { searchService } from './search/service.js';
import { notUsed } from './settings/not-used.js';
import type { Ports } from './settings/ports.js';
import type { Settings } from './settings/settings.js';
import { signatureService } from './signature/service.js';
import { createSignatureTables } from './signature/tables.js';

export interface ApplicationOptions {
  readonly settings: Settings;
  /** The folder that holds everything that is kept. */
  readonly data: string;
  /** Told in plain words what is waited for. */
  readonly say: (line: string) => void;
  /** Default: where the build puts it. */
  readonly pageDirectory?: string;
  /** How long the start waits for each of what earlier changes still have to bring about, in milliseconds. Default: 60,000. */
  readonly catchUpMs?: number;
}

/** A running application. */
export interface Application {
  /** The gateway: `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Where each service listens. */
  readonly ports: Ports;
  /** Of the database. */
  readonly databaseUrl: string;
  /** Resolves when all that is committed now is in the topics, the activity and the search, and has had its consequences. */
  caughtUp(): Promise<void>;
  /** Rejects when a pipeline has failed for good, or with {@link DatabaseEnded}. */
  readonly failed: Promise<never>;
  /** Finishes what is in flight and stops everything, the database last. Goes on past what fails, and rejects with that at the end. */
  stop(): Promise<void>;
}

const PAGE = fileURLToPath(new URL('./page', import.meta.url));
const HOST = '127.0.0.1';

/**
 * Starts everything in this process: the database, the services, the pipelines between them, and the gateway with the page. Leaves
 * nothing running when it rejects: with {@link UsageError} when another process runs on the data.
 */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const { settings, data, say } = options;
  for (const line of notUsed(settings)) say(line);
  const closing = new Closing();
  let databaseEnded: DatabaseEnded | undefined;
  try {
    const folder = await openDataFolder(data);
    const base = settings.ports.gateway;
    const runFile = await claimFolder(data, base === 0 ? undefined : `http://${HOST}:${base}`);
    closing.add(() => runFile.remove());

    say(folder.isNew ? 'Making a database and starting Postgres (a few seconds)…' : 'Starting Postgres…');
    const postgres = await startPostgres({ dataDir: folder.postgres, notice: say });
    closing.add(() => postgres.stop());
    const databaseFailed = postgres.exited.then((exit): Promise<never> => {
      if (closing.begun) return new Promise(() => undefined);
      databaseEnded = new DatabaseEnded(exit);
      throw databaseEnded;
    });
    databaseFailed.catch(() => undefined); // heard of through `failed`, or not at all once we stop
    await rememberPostgres(folder, postgres.dataDir);

    const pool = openPool(postgres.url);
    closing.add(() => pool.end());
    await createDocumentTables(pool);
    await createSignatureTables(pool);
    await createRealtimeTables(pool);
    const parts = embeddedParts(postgres.url, folder.objects);
    closing.add(async () => parts[Symbol.asyncDispose]());

    const { trustedProxies, allowedHosts } = settings;
    const shared = { log: openLog({ level: settings.logLevel }), trustedProxies, allowedHosts };
    const document = await documentService({
      ...shared,
      ...parts,
      pool,
      grpc: { host: HOST, port: settings.ports.documentGrpc },
      log: shared.log,
      orphansAfterMs: 0,
    });
    closing.add(() => document.close());
    const documents = grpcClient(DocumentService, { address: `${HOST}:${document.grpc.port}` });
    closing.add(async () => documents[Symbol.asyncDispose]());
    const signature = await signatureService({ ...shared, pool, objects: parts.objects, documents, orphansAfterMs: 0 });
    closing.add(() => signature.close());
    const search = await searchService({ ...shared, index: parts.index });
    closing.add(() => search.close());
    const realtime = await realtimeService({
      ...shared,
      pool,
      secret: settings.jwtSecret ?? (await secretOf(folder)),
      tokenHelper: 'loopback',
      allowedOrigins: settings.allowedOrigins,
    });
    // Again further below, before the gateway: here for when what follows fails.
    closing.add(() => realtime.close());
    // Of the pipelines, which are no service of their own: shown by the gateway.
    const registry = new Registry();
    const pipelines = pipelinesOf({
      ...parts,
      connection: postgres.url,
      activity: realtime.sink,
      documents,
      registry,
      say,
    });
    const gateway = await gatewayService({
      ...shared,
      upstreams: {
        document: { service: document },
        signature: { service: signature },
        search: { service: search },
        realtime: { service: realtime },
      },
      readiness: pipelines.readiness,
      registry,
      pageDirectory: options.pageDirectory ?? PAGE,
      sites: { allowedHosts, allowedOrigins: settings.allowedOrigins },
      rateLimit: { requests: settings.rateLimit, seconds: 60 },
    });
    closing.add(() => gateway.close());
    closing.add(() => realtime.close());

    say(`Following the changes of the database${folder.isNew ? ' (creating a replication slot)' : ''}…`);
    const failed = Promise.race([pipelines.run(), databaseFailed]);
    // Whoever waits for it learns of it; until then it is no unhandled rejection.
    failed.catch(() => undefined);
    // The first to be stopped: what was changed is told while there are still clients.
    closing.add(() => pipelines.drain(databaseEnded ? 100 : 5_000));
    await Promise.race([caughtUpOrSaid(pipelines, options.catchUpMs ?? 60_000, say), failed]);

    const listen = async (service: Service, port: number) => {
      const address = await service.app.listen({ port, host: HOST });
      return Number(new URL(address).port);
    };
    const ports: Ports = {
      document: await listen(document, settings.ports.document),
      documentGrpc: document.grpc.port,
      signature: await listen(signature, settings.ports.signature),
      search: await listen(search, settings.ports.search),
      realtime: await listen(realtime, settings.ports.realtime),
      gateway: await listen(gateway, settings.ports.gateway),
    };
    const url = `http://${HOST}:${ports.gateway}`;
    await runFile.tellUrl(url);
    return {
      url,
      ports,
      databaseUrl: postgres.url,
      failed,
      caughtUp: () => pipelines.caughtUp(30_000),
      stop: () => closing.close(),
    };
  } catch (error) {
    await closing.close().catch(() => undefined); // what went wrong first is what counts
    throw databaseEnded ?? error;
  }
}

/** A part that is away, or much that was left undone, must not keep all the rest from working: `/health/ready` goes on to say what is behind. */
async function caughtUpOrSaid(pipelines: Pipelines, timeoutMs: number, say: (line: string) => void): Promise<void> {
  try {
    await pipelines.caughtUp(timeoutMs);
  } catch (error) {
    if (!isComponentError(error) || error.code !== 'PIPELINE_NOT_CAUGHT_UP') throw error;
    say(`Not everything has had its consequences yet; starting all the same. ${error.message}`);
  }
}
