import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { ComponentError } from '@sluice/contracts';
import { isLoopback } from '../address/loopback.js';
import { invalid } from '../options/numbers.js';

/** What a server shows to be believed, in PEM. */
export interface ServerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Who signs the certificates of clients. With it, a client without one is refused. */
  readonly clientCa?: string | Buffer;
}

/** Where a server listens. */
export interface ListenOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Default: 0, a free one. */
  readonly port?: number;
  /** Needed for a host that others reach; `false` says that it shall be open to read and to change on the way. */
  readonly tls?: ServerTls | false;
}

/** Binds the port. Throws `OPTIONS_INVALID` and `GRPC_LISTEN_FAILED`. */
export async function bind(server: Server, options: ListenOptions): Promise<{ host: string; port: number }> {
  const { host = '127.0.0.1', port = 0, tls } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw invalid('port', 'must be a whole number from 0 to 65535');
  if (tls === undefined && !isLoopback(host)) {
    throw invalid('tls', `must be given where others than this machine reach the server (${host}), or be false`);
  }
  const credentials = credentialsOf(tls);
  const bound = await new Promise<number>((resolve, reject) => {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.bindAsync(address, credentials, (cause, found) =>
      cause ? reject(listenFailed(cause, host, port)) : resolve(found),
    );
  });
  return { host, port: bound };
}

function credentialsOf(tls: ServerTls | false | undefined): ServerCredentials {
  if (tls === undefined || tls === false) return ServerCredentials.createInsecure();
  const { cert, key, clientCa } = tls;
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const roots = clientCa === undefined ? null : Buffer.from(clientCa);
  return ServerCredentials.createSsl(roots, [pair], clientCa !== undefined);
}

function listenFailed(cause: Error, host: string, port: number): ComponentError {
  return new ComponentError('GRPC_LISTEN_FAILED', `can't listen on ${host}, port ${port}`, {
    cause,
    details: { host, port },
  });
}
