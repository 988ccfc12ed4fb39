import { onTestFinished, vi } from 'vitest';
import {
  type GrpcClient,
  type GrpcClientOptions,
  type GrpcServer,
  type GrpcServerOptions,
  grpcClient,
  grpcServer,
  implement,
  type ServiceHandlers,
} from '../../src/index.js';
import { Workshop } from '../generated/workshop_pb.js';

// A machine with much else to do takes its time.
vi.setConfig({ testTimeout: 60_000 });

/** Handlers that do what the names say. */
export const plain: ServiceHandlers<typeof Workshop> = {
  echo: ({ text, padding }) => ({ text, padding }),
  change: ({ text }) => ({ text }),
  async *count({ from, to, padding }) {
    for (let value = from; value < to; value += 1) yield { value: BigInt(value), padding: new Uint8Array(padding) };
  },
  async sum(numbers) {
    let value = 0n;
    for await (const number of numbers) value += number.value;
    return { value };
  },
  async *chat(texts) {
    for await (const { text } of texts) yield { text };
  },
};

export interface Workplace {
  readonly server: GrpcServer;
  readonly port: number;
  readonly client: GrpcClient<typeof Workshop>;
}

/** A server and a client of it on a real socket; both end with the test. */
export async function workplace(
  handlers: Partial<ServiceHandlers<typeof Workshop>> = {},
  options: {
    readonly server?: Partial<GrpcServerOptions>;
    readonly client?: Partial<GrpcClientOptions>;
    readonly port?: number;
  } = {},
): Promise<Workplace> {
  const services = [implement(Workshop, { ...plain, ...handlers })];
  const server = grpcServer({ services, ...options.server });
  onTestFinished(async () => void (await server.drain({ timeoutMs: 1 })));
  const { port } = await server.listen({ port: options.port ?? 0 });
  return { server, port, client: workshopClient(port, options.client) };
}

/** A client of a server on this machine, which ends with the test. */
export function workshopClient(port: number, options: Partial<GrpcClientOptions> = {}): GrpcClient<typeof Workshop> {
  const client = grpcClient(Workshop, { address: `127.0.0.1:${port}`, deadlineMs: 20_000, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** The messages that a stream gives until it ends. */
export async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const message of messages) found.push(message);
  return found;
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}

export { Workshop };
