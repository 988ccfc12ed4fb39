import { query } from '../client/database.js';
import type { Message } from '../client/feed.js';
import { get } from '../client/http.js';
import type { UnderTest } from '../system.js';

/** What is known of one document at one place. */
export interface Seen {
  readonly title: string;
  readonly status: string;
  readonly version: number;
}

/** Documents by id, in the order of ids, so that two pictures can be compared. */
export type Picture = Readonly<Record<string, Seen>>;

const picture = (seen: Iterable<readonly [string, Seen]>): Picture =>
  Object.fromEntries([...seen].sort(([a], [b]) => (a < b ? -1 : 1)));

/** As the rows are. */
export async function picturePostgres(system: UnderTest): Promise<Picture> {
  const rows = await query(system, 'SELECT id::text, title, status::text, version FROM documents.documents');
  return picture(rows.map(({ id, ...seen }) => [id, seen]));
}

/** As the list of the API shows them. */
export async function pictureList(system: UnderTest): Promise<Picture> {
  const seen = new Map<string, Seen>();
  for (let skip = 0; ; skip += 1_000) {
    const { body } = await get(`${system().gateway}/documents?limit=1000&skip=${skip}`);
    for (const { id, title, status, version } of body) seen.set(id, { title, status, version });
    if (body.length < 1_000) return picture(seen);
  }
}

/** As a search for the word that all titles have finds them. */
export async function pictureSearch(system: UnderTest): Promise<Picture> {
  const seen = new Map<string, Seen>();
  for (let from = 0; ; from += 100) {
    const { body } = await get(`${system().gateway}/search?q=lease&size=100&from=${from}`);
    for (const { id, title, status, version } of body.documents) seen.set(id, { title, status, version });
    if (body.documents.length < 100) return picture(seen);
  }
}

/** As one knows them who heard of every change. Throws when the changes of a document don't follow one another. */
export function pictureFeed(events: readonly Message[]): Picture {
  const seen = new Map<string, Seen>();
  for (const { type, data } of events) {
    if (type === 'signature.added') continue;
    const before = seen.get(data.id);
    if (type === 'document.deleted') seen.delete(data.id);
    else {
      const version = (before?.version ?? 0) + 1;
      if (data.version !== version)
        throw new Error(`${type} of ${data.id}: version ${data.version} after ${version - 1}`);
      const status = data.new_status ?? data.status ?? before?.status;
      seen.set(data.id, { title: data.title ?? before?.title, status, version });
    }
  }
  return picture(seen);
}
