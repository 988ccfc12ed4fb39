import type { FastifyInstance } from 'fastify';

/** The parts that must work before traffic is welcome; each resolves when it does and rejects when it does not. */
export type Readiness = Readonly<Record<string, () => Promise<void>>>;

const CHECK_TIMEOUT_MS = 2_000;

/** `GET /health/live`: the process answers. `GET /health/ready`: everything that it needs does too, or 503 naming what does not. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get('/health/live', async () => ({ status: 'alive' }));
  app.get('/health/ready', async (_, reply) => {
    const checks = await Promise.all(
      Object.entries(readiness).map(async ([part, check]) => ((await works(check)) ? [] : [part])),
    );
    const down = checks.flat();
    if (down.length === 0) return { status: 'ready' };
    return reply.code(503).send({ status: 'unavailable', down });
  });
}

async function works(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  const asked = check().then(
    () => true,
    () => false,
  );
  const answer = await Promise.race([asked, late]);
  clearTimeout(timer);
  return answer;
}
