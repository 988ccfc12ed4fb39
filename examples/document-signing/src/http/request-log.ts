import type { HttpApp } from './http-service.js';
import { withoutSecrets } from './secrets.js';

/** One line per answered request, at level `info`. */
export function logRequests(app: HttpApp): void {
  if (!app.log.isLevelEnabled('info')) return;
  app.addHook('onResponse', async (request, reply) => {
    reply.log.info(
      {
        method: request.method,
        // What is asked for, a word or an e-mail address, is nobody's business.
        url: withoutSecrets(request.url.replace(/\?.*$/s, '')),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
  });
}
