import type { Envelope } from '@sluice/contracts';
import { type DocumentRow, isoTime, type RowChange, type SignatureRow } from './row-change.js';

/** Something that happened to a document, as clients are told. */
export interface Activity {
  readonly documentId: string;
  /** The same whenever this is told again: what is recorded under it already is not recorded once more. */
  readonly eventId: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** ISO 8601, in UTC. */
  readonly timestamp: string;
}

/**
 * What a change of a row means to clients, `undefined` for nothing.
 *
 * Rows that the stream finds at its beginning count as made when they say they were. Creations, deletions and signatures happen once to
 * an id; other changes are told apart by the place of their commit.
 */
export function activityOf(event: Envelope<RowChange>): Activity | undefined {
  const change = event.data;
  if (change === null || (change.before === null && change.after === null)) return undefined;
  if (change.table === 'documents.documents') {
    return ofDocument(change.before as DocumentRow | null, change.after as DocumentRow | null, event);
  }
  const isNew = change.op === 'insert' || change.op === 'read';
  if (change.table === 'signatures.signatures' && isNew) return ofSignature(change.after as SignatureRow, event);
  return undefined;
}

function ofDocument(
  before: DocumentRow | null,
  after: DocumentRow | null,
  event: Envelope<RowChange>,
): Activity | undefined {
  const documentId = (after ?? before)?.id as string;
  const timestamp = event.time.toISOString();
  if (after === null) {
    const data = { id: documentId, title: before?.title, version: before?.version };
    return { documentId, eventId: `document:${documentId}:deleted`, type: 'document.deleted', data, timestamp };
  }
  if (before === null) {
    const at = event.data?.op === 'read' ? isoTime(after.created_at) : timestamp;
    const eventId = `document:${documentId}:created`;
    return { documentId, eventId, type: 'document.created', data: shown(after), timestamp: at };
  }
  const eventId = `change:${event.version.epoch}:${event.id}`;
  if (before.status === after.status) {
    return { documentId, eventId, type: 'document.updated', data: shown(after), timestamp };
  }
  const { id, title, version } = after;
  const data = { id, title, old_status: before.status, new_status: after.status, version };
  return { documentId, eventId, type: typeOf(after.status), data, timestamp };
}

function ofSignature(row: SignatureRow, event: Envelope<RowChange>): Activity {
  const { id, document_id, signer_name, signer_email } = row;
  const signed_at = isoTime(row.signed_at);
  return {
    documentId: document_id,
    eventId: `signature:${id}`,
    type: 'signature.added',
    data: { signature_id: id, document_id, signer_name, signer_email, signed_at },
    timestamp: event.data?.op === 'read' ? signed_at : event.time.toISOString(),
  };
}

/** The document as clients see it; where its content lies is not theirs to know. */
function shown(row: DocumentRow) {
  const { id, title, content_type, content_size, status, created_by, version } = row;
  const times = { created_at: isoTime(row.created_at), updated_at: isoTime(row.updated_at) };
  return { id, title, content_type, content_size, status, created_by, ...times, version };
}

function typeOf(status: string): string {
  return status === 'signed' || status === 'viewed' || status === 'sent'
    ? `document.${status}`
    : 'document.status_changed';
}
