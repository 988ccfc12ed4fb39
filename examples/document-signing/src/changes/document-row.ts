import type { Status } from '../document/status.js';
import type { FeedDocument } from './feed.js';

/** A row of `documents.documents` as the change stream brings it; times are in the format of Postgres. */
export type DocumentRow = {
  readonly id: string;
  readonly title: string;
  readonly content_type: string;
  readonly content_size: number;
  readonly status: Status;
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly version: number;
};

/** A change of one row: both states are whole, as the table's replica identity is the full row. */
export interface RowChange {
  readonly before: DocumentRow | null;
  readonly after: DocumentRow | null;
}

/** The row as clients see it. */
export function toFeedDocument(row: DocumentRow): FeedDocument {
  const { id, title, content_type, content_size, status, created_by, version } = row;
  const times = { created_at: isoTime(row.created_at), updated_at: isoTime(row.updated_at) };
  return { id, title, content_type, content_size, status, created_by, ...times, version };
}

/** `2026-01-31 12:00:00.5+00` → `2026-01-31T12:00:00.500Z`. */
function isoTime(text: string): string {
  return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();
}
