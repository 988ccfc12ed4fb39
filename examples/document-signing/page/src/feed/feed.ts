import type { FeedDocument } from '../../../src/changes/feed.js';
import type { Push } from '../../../src/changes/push.js';

/** How many documents the page shows. */
export const FEED_LIMIT = 200;

/**
 * The documents that the page knows, newest first, and which of them changed last.
 *
 * Pushes may come twice, late, or in between: a document takes a state only when its version is higher, and what was deleted stays so.
 */
export interface Feed {
  readonly documents: readonly FeedDocument[];
  readonly deleted: ReadonlySet<string>;
  /** How often each document changed while the page looked; the list flashes a row when its number moves. */
  readonly changes: ReadonlyMap<string, number>;
}

export const EMPTY_FEED: Feed = { documents: [], deleted: new Set(), changes: new Map() };

/** Starts over from a list that was loaded, and applies what was pushed since before the loading began. */
export function loadFeed(old: Feed, loaded: readonly FeedDocument[], since: readonly Push[]): Feed {
  const fresh: Feed = { documents: [...loaded].sort(newestFirst), deleted: new Set(), changes: old.changes };
  return since.reduce(applyPush, fresh);
}

/** The feed after one push; the same object when it changes nothing. */
export function applyPush(feed: Feed, push: Push): Feed {
  const { id, version } = push.data;
  const known = feed.documents.find((document) => document.id === id);
  if (push.type === 'document.deleted') {
    if (feed.deleted.has(id)) return feed;
    const documents = known ? feed.documents.filter((document) => document !== known) : feed.documents;
    return { ...feed, documents, deleted: new Set(feed.deleted).add(id) };
  }
  if (feed.deleted.has(id) || (known && known.version >= version)) return feed;
  const next = after(push, known);
  if (next === undefined) return feed;
  const rest = known ? feed.documents.filter((document) => document !== known) : feed.documents;
  const changes = new Map(feed.changes).set(id, (feed.changes.get(id) ?? 0) + 1);
  return { ...feed, documents: [...rest, next].sort(newestFirst).slice(0, FEED_LIMIT), changes };
}

/** A push of a status alone says nothing of the rest, so it is of use only for a document that is on the page. */
function after(push: Exclude<Push, { type: 'document.deleted' }>, known: FeedDocument | undefined) {
  if ('created_by' in push.data) return push.data;
  if (known === undefined) return undefined;
  const { title, new_status, version, updated_at } = push.data;
  return { ...known, title, status: new_status, version, updated_at };
}

function newestFirst(a: FeedDocument, b: FeedDocument): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
