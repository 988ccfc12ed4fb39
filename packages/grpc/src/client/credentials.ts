import { ChannelCredentials } from '@grpc/grpc-js';
import { hostOf, isLoopback } from '../address/loopback.js';

/** How a client knows the server, and makes itself known. In PEM. */
export interface ClientTls {
  /** Who may sign the server's certificate. Default: what Node trusts. */
  readonly ca?: string | Buffer;
  /** The client's own, for servers that ask for one; with `key`. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name that the server's certificate must have. Default: the host of the address. */
  readonly serverName?: string;
}

/** TLS, verified, unless the address is of this machine and nothing was said, or `false` was. */
export function clientCredentials(address: string, tls: ClientTls | false | undefined): ChannelCredentials {
  if (tls === false || (tls === undefined && isLoopback(hostOf(address)))) return ChannelCredentials.createInsecure();
  const pem = (value: string | Buffer | undefined) => (value === undefined ? null : Buffer.from(value));
  return ChannelCredentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert));
}
