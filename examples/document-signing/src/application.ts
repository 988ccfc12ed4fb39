import { fileURLToPath } from 'node:url';
import { realtimeHub } from '@sluice/realtime';
import { memoryCache, memoryCounters } from '@sluice/runtime';
import { diskObjects } from '@sluice/store-pg/disk';
import { startPostgres } from '@sluice/testkit/postgres';
import { documentPipeline } from './changes/document-pipeline.js';
import { openDataFolder, rememberPostgres } from './data-folder.js';
import { DatabaseEnded } from './database/database-ended.js';
import { openPool } from './database/pool.js';
import { createTables } from './database/tables.js';
import { DocumentTable } from './document/document-table.js';
import { documentService } from './document/service.js';
import { gateway } from './gateway/app.js';
import { attachLiveFeed } from './gateway/live-feed.js';
import { openLog } from './http/log.js';
import { claimFolder } from './run-file.js';

export interface ApplicationOptions {
  readonly port: number;
  /** The folder that holds everything that is kept. */
  readonly data: string;
  /** Told in plain words what is waited for. */
  readonly say: (line: string) => void;
  /** Default: where the build puts it. */
  readonly pageDirectory?: string;
}

/** A running application. */
export interface Application {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Of the database. */
  readonly databaseUrl: string;
  /** Resolves when the page shows all that is committed now. */
  caughtUp(): Promise<void>;
  /** Rejects when the change stream has failed for good, or with {@link DatabaseEnded}. */
  readonly failed: Promise<never>;
  /** Finishes what is in flight and stops everything, the database last. Goes on past what fails, and rejects with that at the end. */
  stop(): Promise<void>;
}

const PAGE = fileURLToPath(new URL('./page', import.meta.url));

/**
 * Starts everything in this process: the database, the change stream, the API and the page. Leaves nothing running when it
 * rejects: with {@link UsageError} when another process runs on the data.
 */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const { port, data, say } = options;
  const closing: (() => Promise<unknown>)[] = [];
  let ending = false;
  let databaseEnded: DatabaseEnded | undefined;
  const closeAll = async () => {
    ending = true;
    const errors: unknown[] = [];
    for (const close of closing.splice(0).reverse()) await close().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  };
  try {
    const folder = await openDataFolder(data);
    const runFile = await claimFolder(data, port === 0 ? undefined : `http://127.0.0.1:${port}`);
    closing.push(() => runFile.remove());
    say(folder.isNew ? 'Making a database and starting Postgres (a few seconds)…' : 'Starting Postgres…');
    const postgres = await startPostgres({ dataDir: folder.postgres, notice: say });
    closing.push(() => postgres.stop());
    const databaseFailed = new Promise<never>((_, reject) => {
      void postgres.exited.then((exit) => {
        if (ending) return;
        databaseEnded = new DatabaseEnded(exit);
        reject(databaseEnded);
      });
    });
    databaseFailed.catch(() => undefined); // heard of through `failed`, or not at all once we stop
    await rememberPostgres(folder, postgres.dataDir);

    const pool = openPool(postgres.url);
    closing.push(() => pool.end());
    await createTables(pool);

    const log = openLog();
    const documents = await documentService({
      pool,
      objects: diskObjects({ folder: folder.objects }),
      cache: memoryCache(),
      counters: memoryCounters(),
      grpc: {},
      log,
      orphansAfterMs: 0,
    });
    closing.push(() => documents.close());

    const hub = realtimeHub();
    const changes = documentPipeline({
      connection: postgres.url,
      pool,
      hub,
      notice: ({ message }) => say(message),
    });
    const app = await gateway({
      log,
      documents,
      pool,
      hub,
      readiness: {
        database: async () => void (await pool.query('SELECT 1')),
        changes: async () => {
          if (changes.state !== 'running') throw new Error(changes.state);
        },
      },
      pageDirectory: options.pageDirectory ?? PAGE,
    });
    attachLiveFeed(app.server, hub, new DocumentTable(pool));
    closing.push(() => app.close());
    closing.push(() => hub.close({ deadlineMs: 2_000 }));

    say(`Following the changes of documents.documents${folder.isNew ? ' (creating a replication slot)' : ''}…`);
    const streamFailed = changes.run().then(() => new Promise<never>(() => undefined));
    const failed = Promise.race([streamFailed, databaseFailed]);
    // Whoever waits for it learns of it; until then it is no unhandled rejection.
    failed.catch(() => undefined);
    // The first to be stopped: what was changed is projected and pushed while there are still clients.
    closing.push(() => changes.drain({ timeoutMs: databaseEnded ? 100 : 5_000 }));
    await Promise.race([changes.caughtUp({ timeoutMs: 60_000 }), failed]);
    const url = await app.listen({ port, host: '127.0.0.1' });
    await runFile.tellUrl(url);
    return { url, databaseUrl: postgres.url, failed, caughtUp: () => changes.caughtUp(), stop: closeAll };
  } catch (error) {
    await closeAll().catch(() => undefined); // what went wrong first is what counts
    throw databaseEnded ?? error;
  }
}
