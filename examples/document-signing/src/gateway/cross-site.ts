import type { IncomingMessage } from 'node:http';

/** Who may use the gateway from a browser. */
export interface SitePolicy {
  /** Names besides `localhost` and addresses under which the gateway is reached; `*` for any. */
  readonly allowedHosts: readonly string[];
  /** Pages of other origins that may use the API, such as `https://example.com`. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Whether a page of another site has sent it. Browsers say so in Origin or Sec-Fetch-Site; what sends neither is no browser and has no
 * cookies of somebody else.
 */
export function isForeign({ headers }: Pick<IncomingMessage, 'headers'>, allowedOrigins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin !== undefined) return !allowedOrigins.includes(origin) && hostOfOrigin(origin) !== host?.toLowerCase();
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/** Methods that change nothing: a page of another site may send them, and cannot read the answer. */
export const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

function hostOfOrigin(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    // `null`, as sandboxed pages and redirects send it: nobody's.
    return undefined;
  }
}
