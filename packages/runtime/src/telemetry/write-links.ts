import { type Envelope, type SpanLink, traceContextOf } from '@sluice/contracts';

/** Links of one span, at most; more say nothing that these do not. */
const MAX_LINKS = 128;

/** The distinct trace contexts that the events of a batch carry, in their order. Those that are not valid are left out. */
export function writeLinks(events: readonly Envelope<unknown>[]): readonly SpanLink[] {
  const links: SpanLink[] = [];
  const seen = new Set<unknown>();
  for (const event of events) {
    const { headers } = event;
    const { traceparent } = headers;
    if (traceparent === undefined || seen.has(traceparent)) continue;
    seen.add(traceparent);
    const context = traceContextOf(headers);
    if (context !== undefined) links.push({ context, event });
    // Invalid ones count too: nobody can make us look through a whole batch of them.
    if (links.length === MAX_LINKS || seen.size === 2 * MAX_LINKS) break;
  }
  return links;
}
