import { grpcClient } from '@sluice/grpc';
import { memoryObjects } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import { openPool } from '../../src/database/pool.js';
import { createDocumentTables } from '../../src/document/tables.js';
import { DocumentService } from '../../src/generated/document_pb.js';
import { openLog } from '../../src/http/log.js';
import { type SignatureServiceParts, signatureService } from '../../src/signature/service.js';
import { createSignatureTables } from '../../src/signature/tables.js';

/** A client of a document service, closed with the test. */
export function documentClient(address: string) {
  const client = grpcClient(DocumentService, { address });
  onTestFinished(() => client.close());
  return client;
}

/** The signature service on a real database and real ports, asking a document service at an address of gRPC. */
export async function startSignatureService(
  connectionString: string,
  documentsAddress: string,
  parts: Partial<SignatureServiceParts> = {},
) {
  const pool = openPool(connectionString);
  await createDocumentTables(pool);
  await createSignatureTables(pool);
  await createSignatureTables(pool);
  const objects = parts.objects ?? memoryObjects();
  const documents = grpcClient(DocumentService, { address: documentsAddress });
  const service = await signatureService({ pool, documents, log: openLog({ level: 'silent' }), ...parts, objects });
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    pool,
    objects,
    async stop() {
      await service.close();
      documents.close();
      await pool.end();
    },
  };
}
