import type { LiveEvent } from '../live/event.js';
import { call } from './call.js';

const PAGE = 100;

/** All events of a document, oldest first. */
export async function activityOf(id: string, signal?: AbortSignal): Promise<LiveEvent[]> {
  const all: LiveEvent[] = [];
  for (let after = 0; ; ) {
    const path = `/documents/${encodeURIComponent(id)}/activity?after=${after}&limit=${PAGE}`;
    const { events } = await call<{ events: LiveEvent[] }>('GET', path, { signal });
    all.push(...events);
    const last = events.at(-1);
    if (events.length < PAGE || last?.offset === undefined) return all;
    after = last.offset;
  }
}
