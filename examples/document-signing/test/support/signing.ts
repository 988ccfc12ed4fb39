import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeOf } from '@sluice/cdc';
import { grpcServer, implement, type ServiceHandlers } from '@sluice/grpc';
import { memoryCheckpoints, memorySink, type Notice } from '@sluice/runtime';
import { postgresLog } from '@sluice/store-pg';
import type { TestDatabase } from '@sluice/testkit/postgres';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import type { CHANGED_TABLES } from '../../src/changes/change-tables.js';
import { changesPipeline } from '../../src/changes/changes-pipeline.js';
import { topicOf } from '../../src/changes/topics.js';
import { DocumentService } from '../../src/generated/document_pb.js';
import { signingPipeline } from '../../src/signature/signing-pipeline.js';
import { slotOf } from './changes.js';
import { documentClient } from './signature-service.js';

/** The way from rows to topics, until the returned function is called. */
export function runChanges(database: TestDatabase): () => Promise<void> {
  const changes = changesPipeline({
    connection: database.url,
    slot: slotOf(database),
    topics: postgresLog({ connection: database.url }).sink({ name: 'topics', topic: topicOf }),
    activity: memorySink<ChangeOf<typeof CHANGED_TABLES>>({ name: 'activity', delivery: 'atomic' }),
    notice: () => {},
  });
  const ended = changes.run();
  return async () => {
    await changes.drain();
    await ended;
  };
}

/** The way from the topic of signatures to the document service at an address of gRPC, from the topic's beginning. */
export function runSigning(database: TestDatabase, address: string) {
  const notices: Notice[] = [];
  const signing = signingPipeline({
    transport: postgresLog({ connection: database.url }),
    checkpoints: memoryCheckpoints(),
    documents: documentClient(address),
    notice: (notice) => void notices.push(notice),
  });
  const ended = signing.run();
  // Its failure shows in its state; nobody else may be waiting for it.
  ended.catch(() => undefined);
  onTestFinished(async () => {
    await signing.drain({ timeoutMs: 1_000 });
    await ended;
  });
  return { signing, notices };
}

/** A document service before another: it hands calls on, but for those that `instead` answers. Ends with the test. */
export async function documentsBefore(
  address: string,
  instead: Partial<ServiceHandlers<typeof DocumentService>>,
): Promise<string> {
  const behind = documentClient(address);
  const handlers: ServiceHandlers<typeof DocumentService> = {
    documentExists: (request, call) => behind.documentExists(request, { within: call }),
    getDocument: (request, call) => behind.getDocument(request, { within: call }),
    updateDocumentStatus: (request, call) => behind.updateDocumentStatus(request, { within: call }),
    ...instead,
  };
  const server = grpcServer({
    services: [implement(DocumentService, handlers)],
    failed: (error) => console.error(error),
  });
  const { host, port } = await server.listen();
  onTestFinished(async () => void (await server.drain({ timeoutMs: 1 })));
  return `${host}:${port}`;
}

/** The signature service as a process that can be killed; none outlives the test. */
export async function signatureProcess(database: string, documents: string) {
  const fixtures = join(import.meta.dirname, '..', 'fixtures');
  const folder = await mkdtemp(join(fixtures, '.built-'));
  const outfile = join(folder, 'signature-process.mjs');
  const entryPoints = [join(fixtures, 'signature-process.ts')];
  const conditions = ['@sluice/source'];
  const shape = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const;
  const ours = { name: 'ours', setup: keepOursInside };
  await build({ entryPoints, outfile, conditions, ...shape, plugins: [ours] });
  const child = spawn(process.execPath, [outfile, JSON.stringify({ database, documents })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });
  const [url] = await once(child.stdout, 'data');
  return { url: String(url), kill: () => child.kill('SIGKILL') };
}

function keepOursInside(
  plugin: Parameters<NonNullable<Parameters<typeof build>[0]['plugins']>[number]['setup']>[0],
): void {
  plugin.onResolve({ filter: /^[^./]/ }, ({ path }) =>
    path.startsWith('@sluice/') ? undefined : { path, external: true },
  );
}
