import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realtimeHub } from '@sluice/realtime';
import { contentOnDisk } from '../../src/content/content-store.js';
import { openPool } from '../../src/database/pool.js';
import { createTables } from '../../src/database/tables.js';
import { DocumentTable } from '../../src/document/document-table.js';
import { Documents } from '../../src/document/documents.js';
import { gateway } from '../../src/gateway/app.js';

/** The API on a real database and a real port, without the change stream. */
export async function startService(connectionString: string) {
  const folder = await mkdtemp(join(tmpdir(), 'document-signing-'));
  const pool = openPool(connectionString);
  await createTables(pool);
  await createTables(pool);
  const contents = contentOnDisk(join(folder, 'objects'));
  const documents = new Documents(new DocumentTable(pool), contents);
  const hub = realtimeHub();
  const app = await gateway({
    documents,
    pool,
    hub,
    readiness: {
      database: async () => void (await pool.query('SELECT 1')),
      changes: async () => {
        throw new Error('not part of this test');
      },
    },
    pageDirectory: folder,
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    pool,
    contents,
    documents,
    async stop() {
      await hub.close();
      await app.close();
      await pool.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Sends JSON, and gives the status, the headers and the parsed body. */
export async function call(url: string, method: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : parse(text), text };
}

// biome-ignore lint/suspicious/noExplicitAny: tests read answers freely
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the test reads `text`.
    return undefined;
  }
}
