import { BlockList, isIP, isIPv4 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { clientAddressOf } from '../http/client-address.js';
import { HttpProblem, invalidInput, problem } from '../http/errors.js';
import type { HttpApp } from '../http/http-service.js';
import { documentId } from './channels.js';
import { tokenIssuer } from './token-issuer.js';

/** Who may have a token: nobody, programs and pages of this machine, or anybody. */
export type TokenHelper = 'off' | 'loopback' | 'on';

const query = z.object({
  user_id: z.string().min(1).max(255),
  email: z.email().max(320),
  document_id: documentId.optional().describe('The only document whose channel the token opens'),
});

const answer = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  user_id: z.string(),
  email: z.string(),
});

/** `GET /auth/token`: a token for whoever one says one is. A help for development; there is no such route unless it is switched on. */
export function tokenRoute(app: HttpApp, helper: TokenHelper, secret: string, lifetimeS: number): void {
  if (helper === 'off') return;
  const issue = tokenIssuer(secret, lifetimeS);
  app.get(
    '/auth/token',
    { schema: { tags: ['realtime'], querystring: query, response: { 200: answer, 403: problem, 422: invalidInput } } },
    async (request, reply) => {
      if (helper === 'loopback' && !isOfThisMachine(request)) {
        throw new HttpProblem(403, 'Tokens are given to this machine only');
      }
      const { user_id, email, document_id } = request.query;
      const access_token = await issue({ userId: user_id, email, documentId: document_id });
      return reply.header('cache-control', 'no-store').send({ access_token, token_type: 'bearer', user_id, email });
    },
  );
}

/** By address and by name: a page of elsewhere whose name has come to mean this machine is not of it. */
function isOfThisMachine(request: FastifyRequest): boolean {
  const host = request.hostname.replace(/:\d+$/, '');
  return isLoopback(clientAddressOf(request)) && NAMES.has(host) && !cameFromElsewhere(request);
}

/**
 * A proxy on this machine that nobody has named as trusted: its own address is the loopback's, that of whom it asks for is not. What it
 * adds can be made up by anybody, but only to be refused.
 */
function cameFromElsewhere({ headers }: FastifyRequest): boolean {
  const forwardedFor = [headers['x-forwarded-for'] ?? []].flat().flatMap((list) => list.split(','));
  if (forwardedFor.some((address) => !isLoopback(address.trim()))) return true;
  return headers.forwarded !== undefined || headers['x-real-ip'] !== undefined || headers.via !== undefined;
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(plain) !== 0 && LOOPBACK.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const NAMES = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);
