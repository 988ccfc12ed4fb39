import type { SearchDocument, SearchFields } from '@sluice/contracts';

/** The name of the index of documents. */
export const DOCUMENTS_INDEX = 'documents';

/** The fields of the index of documents: what the processor writes and the search service asks for. */
export const documentFields = {
  id: { kind: 'keyword' },
  status: { kind: 'keyword' },
  content_type: { kind: 'keyword' },
  title: { kind: 'text', weight: 2, keyword: true },
  created_by: { kind: 'text', keyword: true },
  content: { kind: 'text' },
  content_truncated: { kind: 'boolean' },
  content_size: { kind: 'number' },
  created_at: { kind: 'date' },
  updated_at: { kind: 'date' },
  version: { kind: 'number' },
} as const satisfies SearchFields;

/** What is known of a document without its content. */
export type DocumentEntry = {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly created_by: string;
  readonly content_type: string;
  /** In bytes. */
  readonly content_size: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly version: number;
};

/** A document as the index has it; times in ISO 8601. */
export type IndexedDocument = DocumentEntry & {
  /** The first MiB of it; null where it is no text. */
  readonly content: string | null;
  /** Whether `content` lacks the end. */
  readonly content_truncated: boolean;
} & SearchDocument;
