import { fileURLToPath } from 'node:url';
import { type Client, credentials, type GrpcObject, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { UnderTest } from '../system.js';

const FOLDER = fileURLToPath(new URL('./proto', import.meta.url));
const FILES = ['document.proto', 'health.proto', 'reflection.proto'].map((name) => `${FOLDER}/${name}`);
const definitions = loadPackageDefinition(
  loadSync(FILES, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }),
);

// biome-ignore lint/suspicious/noExplicitAny: tests read answers freely
type Any = any;

/** Milliseconds until a call is given up. */
const DEADLINE_MS = 30_000;

function clientOf(system: UnderTest, name: string): Any {
  const service = name.split('.').reduce((at: GrpcObject, part) => at[part] as GrpcObject, definitions);
  return new (service as unknown as new (address: string, as: object) => Client)(
    system().grpc,
    credentials.createInsecure(),
  );
}

/** One unary call: the answer, or the error with its `code`. */
export async function callGrpc(
  system: UnderTest,
  service: string,
  method: string,
  request: object,
  deadlineMs = DEADLINE_MS,
): Promise<{ readonly answer: Any } | { readonly error: ServiceError }> {
  const client = clientOf(system, service);
  try {
    return await new Promise((resolve) => {
      client[method](request, { deadline: Date.now() + deadlineMs }, (error: ServiceError | null, answer: Any) =>
        resolve(error ? { error } : { answer }),
      );
    });
  } finally {
    client.close();
  }
}

/** Asks the server what it offers. */
export async function reflect(system: UnderTest, request: object): Promise<Any> {
  const client = clientOf(system, 'grpc.reflection.v1.ServerReflection');
  try {
    return await new Promise((resolve, reject) => {
      const stream = client.ServerReflectionInfo({ deadline: Date.now() + DEADLINE_MS });
      stream.once('data', resolve);
      stream.once('error', reject);
      stream.write(request);
      stream.end();
    });
  } finally {
    client.close();
  }
}
