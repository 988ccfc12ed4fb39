// Ways to answer and to make the same call: a record by its id, with a deadline and a place in a trace.
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { grpcClient, grpcServer, implement } from '@sluice/grpc';
import { prometheusTelemetry } from '@sluice/runtime/prometheus';
import { Registry } from 'prom-client';
import { Records } from './generated/records_pb.js';

const proto = fileURLToPath(new URL('proto/records.proto', import.meta.url));
const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
const id = '01890000-0000-7000-8000-000000000000';
const DEADLINE_MS = 10_000;

const record = {
  id,
  title: 'Lease of the house by the harbour',
  status: 'created',
  createdBy: 'ada@example.com',
  contentType: 'application/pdf',
  key: `${id}/content`,
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
  version: 7,
};

/** Each answers with the port that it listens on. */
export const servers = {
  'grpc-js': () => {
    const server = new Server();
    const answer = { ...record, contentSize: 48_213 };
    server.addService(loaded().service, {
      get: ({ request }, respond) => respond(null, { ...answer, id: request.id }),
    });
    return new Promise((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      server.bindAsync('127.0.0.1:0', insecure, (error, port) => (error ? reject(error) : resolve(port)));
    });
  },
  'Sluice, no telemetry': () => sluice({}),
  'Sluice, everything on': () =>
    sluice({ telemetry: prometheusTelemetry({ registry: new Registry() }), reflection: true }),
};

async function sluice(options) {
  const answer = { ...record, contentSize: 48_213n };
  const records = implement(Records, { get: (request) => ({ ...answer, id: request.id }) });
  return (await grpcServer({ services: [records], ...options }).listen()).port;
}

/** Each answers with a function that makes one call. */
export const callers = {
  'grpc-js': (port) => {
    const Client = loaded();
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    return () =>
      new Promise((resolve, reject) => {
        const metadata = new Metadata();
        metadata.set('traceparent', trace.traceparent);
        client.get({ id }, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, answer) =>
          error ? reject(error) : resolve(answer.version),
        );
      });
  },
  'Sluice, no telemetry': (port) => sluiceCaller(port, {}),
  'Sluice, everything on': (port) =>
    sluiceCaller(port, { telemetry: prometheusTelemetry({ registry: new Registry() }) }),
};

function sluiceCaller(port, options) {
  const client = grpcClient(Records, { address: `127.0.0.1:${port}`, deadlineMs: DEADLINE_MS, ...options });
  return async () => (await client.get({ id }, { trace })).version;
}

function loaded() {
  return loadPackageDefinition(loadSync(proto)).bench.Records;
}
