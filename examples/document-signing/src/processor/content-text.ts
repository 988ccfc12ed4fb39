import type { ObjectStore } from '@sluice/contracts';
import type { ChangedDocument } from './document-change.js';

/** How much of a content is indexed, in bytes. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** A content as the index takes it; see `IndexedDocument`. */
export interface ContentText {
  readonly content: string | null;
  readonly content_truncated: boolean;
}

const NOTHING: ContentText = { content: null, content_truncated: false };

/**
 * The text of a document's content, 1 MiB of it at most; none where its type says that it is no text. A content that is not there belongs to
 * a document that was deleted meanwhile: the content is durable before the row is written, and removed after it.
 *
 * @throws as the object store does.
 */
export async function contentText(objects: ObjectStore, { entry, contentKey }: ChangedDocument): Promise<ContentText> {
  if (entry.content_size === 0 || !isText(entry.content_type)) return NOTHING;
  const found = await objects.get(contentKey, { range: { from: 0, to: MAX_TEXT_BYTES } });
  if (found === undefined) return NOTHING;
  // Of a character that is cut in two nothing is left.
  const decoder = new TextDecoder();
  let content = '';
  for await (const bytes of found.body) content += decoder.decode(bytes, { stream: true });
  return { content, content_truncated: found.size > MAX_TEXT_BYTES };
}

/** `text/*`, and JSON by any name. */
export function isText(contentType: string): boolean {
  return /^(text\/[^;]+|application\/([^;]+\+)?json)\s*(;|$)/i.test(contentType.trim());
}
