import { call } from './call.js';
import type { Document, Status } from './document.js';

export type { Document, Status };

/** What one page of the list holds. */
export const PAGE_SIZE = 200;

export interface NewDocument {
  readonly title: string;
  /** Text, or base64 when `content_encoding` says so. */
  readonly content: string;
  readonly content_type: string;
  readonly content_encoding?: 'base64';
  readonly created_by: string;
}

export interface DocumentStats {
  readonly total_views: number;
  readonly unique_views: number;
}

const at = (id: string) => `/documents/${encodeURIComponent(id)}`;

export const contentPath = (id: string) => `${at(id)}/content`;

/** Newest first. */
export const listDocuments = (skip: number, signal?: AbortSignal) =>
  call<Document[]>('GET', `/documents?skip=${skip}&limit=${PAGE_SIZE}`, { signal });

/** Counts as a view of the document. */
export const viewDocument = (id: string, signal?: AbortSignal) => call<Document>('GET', at(id), { signal });

export const createDocument = (document: NewDocument) =>
  call<Document>('POST', '/documents', { body: document, timeoutMs: 60_000 });

/** Refused when the document has changed since the page last heard of it. */
export const changeDocument = ({ id, version }: Document, changes: { title?: string; status?: Status }) =>
  call<Document>('PATCH', at(id), { body: changes, version });

export const deleteDocument = ({ id, version }: Document) => call<void>('DELETE', at(id), { version });

export const documentStats = (id: string, signal?: AbortSignal) =>
  call<DocumentStats>('GET', `${at(id)}/stats`, { signal });
