import type { IncomingMessage, ServerResponse } from 'node:http';

/** The answer of one page. */
export interface HealthAnswer {
  readonly ok: boolean;
  readonly body: object;
}

/** The pages that there are, by path. */
export type HealthPages = Readonly<Record<string, () => HealthAnswer>>;

/** A handler of HTTP requests: for `node:http`, Express, and Fastify's raw requests. */
export type HealthHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers GET and HEAD for each page with 200 or 503 and JSON; other paths are 404, other methods 405. */
export function healthHandler(pages: HealthPages): HealthHandler {
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined)
      return send(request, response, 404, { error: `there are ${Object.keys(pages).join(', ')}` });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return send(request, response, 405, { error: 'GET or HEAD' });
    }
    const { ok, body } = page();
    send(request, response, ok ? 200 : 503, body);
  };
}

function send(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
