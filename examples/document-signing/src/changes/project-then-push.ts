import type { Envelope, Sink } from '@sluice/contracts';
import type { Hub } from '@sluice/realtime';
import { type DocumentRow, type RowChange, toFeedDocument } from './document-row.js';
import { documentChannel, LIST_CHANNEL, type Push, toPush } from './push.js';

/**
 * A sink in two steps: `projection` first, then the clients of `hub`.
 *
 * What a client is told is therefore in the projection already: a page that subscribes, then loads, then applies what it is told since,
 * misses nothing. A write that fails pushes nothing, and what was written is not written again, so nothing is pushed twice. A crash
 * between the two steps loses pushes that had nobody to go to: the clients were connected to this very process.
 */
export function projectThenPush(projection: Sink<DocumentRow>, hub: Hub): Sink<RowChange> {
  return {
    name: projection.name,
    features: projection.features,
    async open(ctx) {
      const inner = await projection.open(ctx);
      return {
        ...(inner.checkpoints ? { checkpoints: inner.checkpoints } : {}),
        async write(events, write) {
          const rows = events.map((event) => event.with<DocumentRow>(event.data?.after ?? null));
          await inner.write(rows, write);
          try {
            for (const event of events) push(hub, event);
            await hub.flushed();
          } catch (error) {
            // The rows are written, so the write has succeeded, whatever became of the pushes.
            ctx.notice(`changes were not pushed: ${(error as Error).message}`);
          }
        },
        [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
      };
    },
  };
}

function push(hub: Hub, event: Envelope<RowChange>): void {
  const told = pushOf(event);
  if (told !== undefined) hub.publish([LIST_CHANNEL, documentChannel(told.data.id)], told);
}

function pushOf({ data, time }: Envelope<RowChange>): Push | undefined {
  if (data === null) return undefined;
  const before = data.before && toFeedDocument(data.before);
  const after = data.after && toFeedDocument(data.after);
  return toPush(before, after, time);
}
