import type { Identity } from '@sluice/realtime';
import { z } from 'zod';

/** The channel of everything. */
export const LIST_CHANNEL = 'documents';

const DOCUMENT = 'document:';

/** The channel of one document. */
export const documentChannel = (id: string): string => `${DOCUMENT}${id}`;

/** Whose channel it is; `undefined` for the list's. */
export function documentOf(channel: string): string | undefined {
  return channel.startsWith(DOCUMENT) ? channel.slice(DOCUMENT.length) : undefined;
}

/** An id in an address. */
export const documentId = z.guid('Document id should be a UUID').toLowerCase();

/**
 * `WS /ws/{document_id}` is the feed of a document, `WS /ws?channel=documents` that of the list; `null` for any other address. A document
 * may be followed before its first event was recorded.
 */
export function channelsOf({ pathname, searchParams }: URL): readonly string[] | null {
  if (pathname === '/ws' || pathname === '/ws/') {
    return searchParams.get('channel') === LIST_CHANNEL ? [LIST_CHANNEL] : null;
  }
  const id = documentId.safeParse(pathname.slice('/ws/'.length));
  return id.success ? [documentChannel(id.data)] : null;
}

/** A token with `document_id` opens that document's channel alone. */
export function mayFollow({ claims }: Identity, channel: string): boolean {
  const only = claims['document_id'];
  return only === undefined || (typeof only === 'string' && channel === documentChannel(only.toLowerCase()));
}
