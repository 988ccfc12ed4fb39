import type { IncomingMessage } from 'node:http';

/** About the bytes of a request's line and headers, as they came: names, values, `: ` and line ends. */
export function headerBytes(request: IncomingMessage): number {
  let bytes = (request.url?.length ?? 0) + 'GET  HTTP/1.1'.length + 4;
  for (const text of request.rawHeaders) bytes += text.length + 2;
  return bytes;
}
