import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddressOf, handOnAddress } from '../http/client-address.js';
import type { Service } from '../http/service.js';

/** Has a service of this process answer the request itself: no second hop, and no copy of what is sent. */
export function answerBy(service: Service, request: FastifyRequest, reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  handOnAddress(request.raw, clientAddressOf(request));
  request.raw.headers['x-request-id'] = request.id;
  reply.hijack();
  service.app.routing(request.raw, reply.raw);
}
