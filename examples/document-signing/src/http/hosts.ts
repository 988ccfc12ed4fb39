import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether the name in the Host header is one of ours: `localhost`, one of those given (`*` for any), or an address instead of a name.
 *
 * A page of another site whose name was made to point here (DNS rebinding) is of the same origin to the browser, and is told apart by
 * that name alone.
 */
export function isOurHost({ headers }: Pick<IncomingMessage, 'headers'>, allowedHosts: readonly string[]): boolean {
  const name = (headers.host ?? '').toLowerCase().replace(/:\d*$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || allowedHosts.includes(name) || allowedHosts.includes('*');
}
