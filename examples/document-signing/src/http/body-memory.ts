import { Transform } from 'node:stream';
import { HttpProblem } from './errors.js';
import type { HttpApp } from './http-service.js';

/** Bodies of no more bytes than this are let through uncounted: a flood of large ones does not keep them out. */
const SMALL = 65_536;

/**
 * Bounds the memory that the bodies of a service take together, from their first byte to the end of the answer. Each may be as large as its
 * route allows; a few hundred of that size at once would be the end of the process. What is too much is answered 503.
 */
export function boundBodies(app: HttpApp, maxBytes: number): void {
  let held = 0;
  app.addHook('preParsing', async ({ headers }, reply, payload) => {
    if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= SMALL) return payload;
    let own = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _, done) {
        own += chunk.length;
        held += chunk.length;
        if (held <= maxBytes) return done(null, chunk);
        // What is left of the body is not read.
        reply.header('connection', 'close');
        done(new HttpProblem(503, 'Too much is being sent at once'));
      },
    });
    reply.raw.once('close', () => {
      counted.destroy();
      held -= own;
    });
    payload.once('error', (error) => counted.destroy(error));
    return payload.pipe(counted);
  });
}
