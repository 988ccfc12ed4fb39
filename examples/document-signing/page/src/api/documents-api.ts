import type { FeedDocument } from '../../../src/changes/feed.js';
import type { Status } from '../../../src/document/status.js';
import { FEED_LIMIT } from '../feed/feed.js';

/** The newest documents, from the projection that the change stream keeps. */
export async function loadDocuments(signal: AbortSignal): Promise<FeedDocument[]> {
  return (await call('GET', `/feed?limit=${FEED_LIMIT}`, { signal })) as FeedDocument[];
}

export async function createDocument(given: { title: string; content: string; created_by: string }): Promise<void> {
  await call('POST', '/documents', { body: given });
}

/** Refused when the document has changed since the page last heard of it. */
export async function changeDocument(
  { id, version }: FeedDocument,
  changes: { title?: string; status?: Status },
): Promise<void> {
  await call('PATCH', `/documents/${id}`, { body: changes, version });
}

export async function deleteDocument({ id, version }: FeedDocument): Promise<void> {
  await call('DELETE', `/documents/${id}`, { version });
}

interface CallOptions {
  readonly body?: unknown;
  readonly version?: number;
  readonly signal?: AbortSignal;
}

/** Resolves with the answer's body, and rejects with a sentence that a person can read. */
async function call(method: string, path: string, { body, version, signal }: CallOptions): Promise<unknown> {
  const headers = new Headers();
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (version !== undefined) headers.set('if-match', String(version));
  const response = await fetch(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: signal ?? AbortSignal.timeout(15_000),
  }).catch((error: Error) => {
    throw error.name === 'AbortError' ? error : new Error('the server does not answer');
  });
  if (response.status === 204) return undefined;
  const answer: unknown = await response.json().catch(() => undefined); // an answer that is no JSON has nothing to say
  if (!response.ok) throw new Error(reason(response.status, answer));
  return answer;
}

function reason(status: number, answer: unknown): string {
  if (status === 412) return 'Somebody else changed it at the same time. Look at it again, then repeat.';
  const detail = (answer as { detail?: unknown } | undefined)?.detail;
  if (typeof detail === 'string') return detail;
  if (Array.isArray(detail)) return detail.map(({ loc, msg }) => `${loc.at(-1)}: ${msg}`).join('; ');
  return `the server answered ${status}`;
}
