import type { Hub } from '@sluice/realtime';
import { z } from 'zod';
import { invalidInput } from '../http/errors.js';
import type { HttpApp } from '../http/http-service.js';
import type { ActivityTable } from './activity-table.js';
import { documentId } from './channels.js';

const stats = z.object({
  connections: z.number().int(),
  channels: z.number().int().describe('That somebody follows'),
  sent: z.number().int().describe('Messages handed to clients'),
  dropped: z.number().int().describe('Messages for clients that were too slow'),
});

const page = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

const activity = z.object({
  epoch: z.string().describe('Names the offsets'),
  events: z.array(
    z.object({ type: z.string(), data: z.looseObject({}), timestamp: z.string(), offset: z.number().int() }),
  ),
});

/** `GET /stats`, and `GET /documents/{id}/activity`: what happened to a document after an offset, in order; as its feed tells it. */
export function realtimeRoutes(app: HttpApp, hub: Hub, table: ActivityTable): void {
  const tags = ['realtime'];
  app.get('/stats', { schema: { tags, response: { 200: stats } } }, async () => {
    const { connections, channels, sent, dropped } = hub.stats();
    return { connections, channels, sent, dropped };
  });

  const params = z.object({ document_id: documentId });
  app.get(
    '/documents/:document_id/activity',
    { schema: { tags, params, querystring: page, response: { 200: activity, 422: invalidInput } } },
    async ({ params: { document_id }, query: { after, limit } }) => {
      const [epoch, events] = await Promise.all([table.epoch(), table.after(after, limit, document_id)]);
      return { epoch, events: events.map(({ offset, message }) => ({ ...message, offset })) };
    },
  );
}
