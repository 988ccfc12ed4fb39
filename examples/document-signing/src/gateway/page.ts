import staticFiles from '@fastify/static';
import type { HttpApp } from '../http/http-service.js';

/** The web page at `/`: the files of a folder. */
export async function servePage(app: HttpApp, folder: string): Promise<void> {
  await app.register(staticFiles, {
    root: folder,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('content-security-policy', POLICY);
      // The names of built files change with what is in them.
      reply.header('cache-control', /[/\\]assets[/\\]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

/** The page loads nothing from elsewhere, and nobody frames it. */
const POLICY = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "img-src 'self' data: blob:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');
