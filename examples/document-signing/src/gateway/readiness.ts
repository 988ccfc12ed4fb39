import { NotReady, type Readiness } from '../http/health.js';
import type { Upstream, Upstreams } from './upstream.js';

/** The gateway is ready when each service is: in this process, or one of its replicas. */
export function upstreamReadiness(upstreams: Upstreams): Readiness {
  return Object.fromEntries(Object.entries(upstreams).map(([name, upstream]) => [name, () => isReady(upstream)]));
}

async function isReady(upstream: Upstream): Promise<void> {
  if ('service' in upstream) {
    const answer = await upstream.service.app.inject('/health/ready');
    if (answer.statusCode === 200) return;
    const { reasons = {} } = answer.json<{ readonly reasons?: Record<string, string> }>();
    throw new NotReady(
      Object.entries(reasons)
        .map(([part, reason]) => `${part}: ${reason}`)
        .join(', '),
    );
  }
  const asked = upstream.replicas.map(async (replica) => {
    const { ok } = await fetch(new URL('/health/ready', replica), { signal: AbortSignal.timeout(1_500) });
    if (!ok) throw new Error('not ready');
  });
  await Promise.any(asked).catch(() => {
    throw new NotReady(`none of ${upstream.replicas.length} replicas is ready`);
  });
}
