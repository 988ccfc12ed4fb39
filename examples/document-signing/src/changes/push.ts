import type { Status } from '../document/status.js';
import type { FeedDocument } from './feed.js';

/** What clients of the realtime feed are told. */
export type Push =
  | { readonly type: 'document.created' | 'document.updated'; readonly data: FeedDocument; readonly timestamp: string }
  | { readonly type: StatusPushType; readonly data: StatusChange; readonly timestamp: string }
  | {
      readonly type: 'document.deleted';
      readonly data: { readonly id: string; readonly version: number };
      readonly timestamp: string;
    };

export type StatusPushType = 'document.status_changed' | 'document.signed' | 'document.viewed' | 'document.sent';

export interface StatusChange {
  readonly id: string;
  readonly title: string;
  readonly old_status: Status;
  readonly new_status: Status;
  readonly version: number;
  readonly updated_at: string;
}

/** The channel of everything, and that of one document. */
export const LIST_CHANNEL = 'documents';
export const documentChannel = (id: string) => `document:${id}`;

/** What to tell clients about a change of one row; at least one of its states is given. */
export function toPush(before: FeedDocument | null, after: FeedDocument | null, at: Date): Push | undefined {
  const timestamp = at.toISOString();
  if (after === null) {
    return before === null
      ? undefined
      : { type: 'document.deleted', data: { id: before.id, version: before.version }, timestamp };
  }
  if (before === null) return { type: 'document.created', data: after, timestamp };
  if (before.status === after.status) return { type: 'document.updated', data: after, timestamp };
  const { id, title, version, updated_at } = after;
  const data = { id, title, old_status: before.status, new_status: after.status, version, updated_at };
  return { type: typeFor(after.status), data, timestamp };
}

function typeFor(status: Status): StatusPushType {
  return status === 'signed' || status === 'viewed' || status === 'sent'
    ? `document.${status}`
    : 'document.status_changed';
}
