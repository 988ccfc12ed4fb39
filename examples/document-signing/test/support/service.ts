import type { Counters, ObjectStore } from '@sluice/contracts';
import { memoryCache, memoryCounters } from '@sluice/runtime';
import { memoryObjects } from '@sluice/testkit';
import { openPool } from '../../src/database/pool.js';
import { type DocumentServiceParts, documentService } from '../../src/document/service.js';
import { createDocumentTables } from '../../src/document/tables.js';
import { openLog } from '../../src/http/log.js';

export { call } from './answers.js';

/** The document service on a real database and real ports, on its own. */
export async function startService(connectionString: string, parts: Partial<DocumentServiceParts> = {}) {
  const pool = openPool(connectionString);
  await createDocumentTables(pool);
  await createDocumentTables(pool);
  const objects: ObjectStore = parts.objects ?? memoryObjects();
  const counters: Counters = parts.counters ?? memoryCounters();
  const cache = parts.cache ?? memoryCache();
  const service = await documentService({
    pool,
    grpc: {},
    log: openLog({ level: 'silent' }),
    ...parts,
    objects,
    counters,
    cache,
  });
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    pool,
    objects,
    counters,
    cache,
    grpc: `${service.grpc.host}:${service.grpc.port}`,
    close: () => service.close(),
    async stop() {
      await service.close();
      await pool.end();
    },
  };
}
