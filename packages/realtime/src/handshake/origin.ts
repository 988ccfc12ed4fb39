import type { IncomingMessage } from 'node:http';

/**
 * Which web pages may connect. Browsers do not apply the same-origin policy to WebSockets, so the server has to.
 *
 * - `same-host`: pages that were served from the host that the request is addressed to (its `Host` header)
 * - a list of origins, such as `https://app.example.com`; `same-host` may be one of them
 * - a function of the origin
 *
 * A request without an `Origin` header does not come from a web page, and is let through.
 */
export type OriginPolicy = 'same-host' | readonly string[] | ((origin: string, request: IncomingMessage) => boolean);

/** Whether the page that makes this request may connect. */
export function originAllowed(policy: OriginPolicy, request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  if (typeof policy === 'function') return policy(origin, request);
  if (policy !== 'same-host') {
    return policy.includes(origin) || (policy.includes('same-host') && originAllowed('same-host', request));
  }
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  // Read with the page's own scheme, so that `:80` and `:443` are dropped on both sides or on neither.
  const target = `${page.protocol}//${host}`;
  return URL.canParse(target) && new URL(target).host === page.host;
}
