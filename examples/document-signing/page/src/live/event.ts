import type { Document, Status } from '../api/document.js';

/** What a feed tells of a document; more of it, or less, than the page knows how to show. */
export interface LiveEvent {
  readonly type: string;
  readonly data: Partial<Document> & {
    readonly document_id?: string;
    readonly old_status?: Status;
    readonly new_status?: Status;
    readonly signature_id?: string;
    readonly signer_name?: string;
    readonly signer_email?: string;
    readonly signed_at?: string;
  };
  readonly timestamp: string;
  /** Its place among all events; grows. */
  readonly offset?: number;
}

/** Whether a message is an event of a document or of a signature. */
export function isLiveEvent(message: unknown): message is LiveEvent {
  if (typeof message !== 'object' || message === null || !('type' in message) || !('data' in message)) return false;
  return typeof message.type === 'string' && /^(document|signature)\./.test(message.type);
}

/** An event in words; `title` is that of the document, when it is known. */
export function inWords({ type, data }: LiveEvent, title = data.title ?? 'A document'): string {
  switch (type) {
    case 'document.created':
      return `${title} was created`;
    case 'document.updated':
      return `${title} was changed`;
    case 'document.deleted':
      return `${title} was deleted`;
    case 'signature.added':
      return `${data.signer_name ?? 'Somebody'} signed ${title === 'A document' ? 'a document' : title}`;
    default:
      return `${title} is now ${data.new_status ?? type.slice(type.indexOf('.') + 1)}`;
  }
}
