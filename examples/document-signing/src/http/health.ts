import { isComponentError } from '@sluice/contracts';
import { z } from 'zod';
import type { HttpApp } from './http-service.js';

/** The parts that must work before traffic is welcome; each resolves when it does and rejects when it does not. */
export type Readiness = Readonly<Record<string, () => Promise<void>>>;

const CHECK_TIMEOUT_MS = 2_000;

const alive = z.object({ status: z.literal('alive') });
const ready = z.object({ status: z.literal('ready') });
const unavailable = z.object({
  status: z.literal('unavailable'),
  down: z.array(z.string()).describe('The parts that do not work'),
  reasons: z.record(z.string(), z.string()).describe('Why not, by part'),
});

/** `GET /health/live`: the process answers. `GET /health/ready`: everything that it needs does too, or 503 naming what does not. */
export function healthRoutes(app: HttpApp, readiness: Readiness): void {
  const tags = ['health'];
  app.get('/health/live', { schema: { tags, response: { 200: alive } } }, async () => ({ status: 'alive' }) as const);
  app.get('/health/ready', { schema: { tags, response: { 200: ready, 503: unavailable } } }, async (_, reply) => {
    const checks = await Promise.all(
      Object.entries(readiness).map(async ([part, check]) => ({ part, reason: await problemOf(check) })),
    );
    const down = checks.filter(({ reason }) => reason !== undefined);
    if (down.length === 0) return reply.send({ status: 'ready' });
    return reply.code(503).send({
      status: 'unavailable',
      down: down.map(({ part }) => part),
      reasons: Object.fromEntries(down.map(({ part, reason }) => [part, reason ?? ''])),
    });
  });
}

/** Why a part does not work, undefined when it does. */
async function problemOf(check: () => Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS);
  });
  const asked = check().then(() => undefined, reasonOf);
  const answer = await Promise.race([asked, late]);
  clearTimeout(timer);
  return answer;
}

/** A reason that a part gives itself, by {@link NotReady} or a ComponentError, is told; of others only the code. */
export class NotReady extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof NotReady) return error.message;
  if (isComponentError(error)) return `${error.code}: ${error.message}`;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'it failed';
}
