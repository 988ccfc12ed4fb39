import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DebeziumValue } from '@sluice/cdc';
import type { Envelope } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import type { TestDatabase } from '@sluice/testkit/postgres';
import { build } from 'esbuild';
import type { Pool } from 'pg';
import { createDocumentTables } from '../../src/document/tables.js';
import { createRealtimeTables } from '../../src/realtime/tables.js';
import { createSignatureTables } from '../../src/signature/tables.js';

/** Everything that the change stream reads and writes. */
export async function createTables(pool: Pool): Promise<void> {
  await createDocumentTables(pool);
  await createSignatureTables(pool);
  await createRealtimeTables(pool);
}

/** A document, past the services. */
export async function insertDocument(database: TestDatabase, title: string): Promise<string> {
  const [row] = await database.query<{ id: string }>(
    `INSERT INTO documents.documents (id, title, content_type, content_size, s3_key, created_by)
     SELECT id, $1, 'text/plain', 4, id || '/content', 'ada@example.com' FROM (SELECT uuidv7() AS id) AS made RETURNING id`,
    [title],
  );
  return row?.id as string;
}

/** A signature, past the services. */
export async function insertSignature(database: TestDatabase, documentId: string, email: string): Promise<string> {
  const [row] = await database.query<{ id: string }>(
    `INSERT INTO signatures.signatures (document_id, signer_email, signer_name) VALUES ($1, $2, 'Bob') RETURNING id`,
    [documentId, email],
  );
  return row?.id as string;
}

/** A server's slots have one name for all its databases. */
export const slotOf = (database: TestDatabase) => `changes_${database.name}`.slice(0, 63);

/** What an event of a topic says; null for a tombstone. */
export function valueIn(event: Envelope<Uint8Array>): DebeziumValue | null {
  return event.data === null ? null : (JSON.parse(Buffer.from(event.data).toString()) as DebeziumValue);
}

/** The changes pipeline as processes, which may be killed; none outlives the `using` block. */
export class ChangesProcesses implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly program: string,
  ) {}

  static async build(): Promise<ChangesProcesses> {
    const fixtures = join(import.meta.dirname, '..', 'fixtures');
    const folder = await mkdtemp(join(fixtures, '.built-'));
    const outfile = join(folder, 'changes-process.mjs');
    await build({
      entryPoints: [join(fixtures, 'changes-process.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['@sluice/source'],
      external: ['pg', 'rxjs', 'ws', 'jose'],
    });
    return new ChangesProcesses(folder, outfile);
  }

  /** Resolves when it has begun. */
  async start(url: string, slot: string): Promise<{ kill(): void }> {
    const child = spawn(process.execPath, [this.program, JSON.stringify({ url, slot })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    const said: Record<string, unknown>[] = [];
    createInterface(child.stdout).on('line', (line) => said.push(JSON.parse(line)));
    await waitFor(() => said.find((one) => 'started' in one), { what: 'a process to start', timeoutMs: 60_000 });
    return { kill: () => child.kill('SIGKILL') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true });
  }
}
