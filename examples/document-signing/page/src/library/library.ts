import type { Document } from '../api/document.js';
import type { LiveEvent } from '../live/event.js';

/**
 * The documents that the page knows.
 *
 * What it is told may come twice, late, or between two others: a document takes a state only when its version is higher, and what was
 * deleted stays so until everything is loaded anew.
 */
export interface Library {
  readonly documents: ReadonlyMap<string, Document>;
  readonly deleted: ReadonlySet<string>;
  /** How often each document changed while the page looked; a row flashes when its number moves. */
  readonly changes: ReadonlyMap<string, number>;
}

/** Above so many documents, each that others make puts the oldest out: a page that is open for weeks stays as light as at first. */
export const KNOWN_DOCUMENTS = 400;
/** Deletions that are remembered, for an event that comes late. */
const KNOWN_DELETIONS = 1_000;

export const EMPTY_LIBRARY: Library = { documents: new Map(), deleted: new Set(), changes: new Map() };

/** Starts over from what was loaded, and applies what was told since before the loading began. */
export function loadLibrary(old: Library, loaded: readonly Document[], since: readonly LiveEvent[]): Library {
  const fresh: Library = {
    documents: new Map(loaded.map((document) => [document.id, document])),
    deleted: new Set(),
    changes: old.changes,
  };
  return since.reduce(applyEvent, fresh);
}

/** The library with documents that were loaded besides; what it knows better stays. */
export function addDocuments(library: Library, loaded: readonly Document[]): Library {
  const documents = new Map(library.documents);
  for (const document of loaded) {
    const known = documents.get(document.id);
    if (library.deleted.has(document.id) || (known && known.version >= document.version)) continue;
    documents.set(document.id, document);
  }
  return { ...library, documents };
}

/** The library after one event; the same object when it changes nothing. */
export function applyEvent(library: Library, event: LiveEvent): Library {
  const { id, version } = event.data;
  if (!event.type.startsWith('document.') || id === undefined || library.deleted.has(id)) return library;
  const known = library.documents.get(id);
  const documents = new Map(library.documents);
  if (event.type === 'document.deleted') {
    documents.delete(id);
    const deleted = new Set([...library.deleted].slice(-KNOWN_DELETIONS + 1)).add(id);
    return { ...library, documents, deleted };
  }
  if (version === undefined || (known && known.version >= version)) return library;
  const next = after(event, known);
  if (next === undefined) return library;
  documents.set(id, next);
  const changes = new Map(library.changes).set(id, (library.changes.get(id) ?? 0) + 1);
  if (known === undefined && documents.size > KNOWN_DOCUMENTS) {
    const oldest = [...documents.values()].reduce((a, b) => (newestFirst(a, b) > 0 ? a : b));
    documents.delete(oldest.id);
    changes.delete(oldest.id);
  }
  return { ...library, documents, changes };
}

/** The library without a document that is known to be gone. */
export const withoutDocument = (library: Library, id: string): Library =>
  applyEvent(library, { type: 'document.deleted', data: { id }, timestamp: '' });

export function newestFirst(a: Document, b: Document): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

/** An event that says little is of use only for a document that is known. */
function after({ data }: LiveEvent, known: Document | undefined): Document | undefined {
  const { old_status: _, new_status, ...rest } = data;
  const next = { ...known, ...rest, ...(new_status === undefined ? {} : { status: new_status }) };
  return next.created_by !== undefined && next.created_at !== undefined && next.title !== undefined
    ? (next as Document)
    : undefined;
}
