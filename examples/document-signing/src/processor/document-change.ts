import { ComponentError, type Envelope } from '@sluice/contracts';
import { z } from 'zod';
import type { DocumentEntry } from '../search/document-index.js';

/** A row of `documents.documents` as far as it is indexed, and where its content lies. */
export interface ChangedDocument {
  readonly entry: DocumentEntry;
  readonly contentKey: string;
}

/** Times come as ISO 8601. */
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

const row = z
  .object({
    id: z.string().min(1),
    title: z.string().min(1),
    status: z.string().min(1),
    created_by: z.string().min(1),
    content_type: z.string().min(1),
    content_size: z.number().int().min(0),
    s3_key: z.string().min(1),
    created_at: time,
    updated_at: time,
    version: z.number().int(),
  })
  .transform(({ s3_key, ...entry }): ChangedDocument => ({ entry, contentKey: s3_key }));

const change = z.object({ op: z.enum(['c', 'u', 'r', 'd']), after: z.unknown() });

/**
 * What a record of `cdc.documents` says: the document as it is from then on, null when it was deleted, undefined when the record is
 * incomplete.
 */
export function changedDocument(record: Uint8Array): ChangedDocument | null | undefined {
  const given = change.safeParse(jsonOf(record));
  if (!given.success) return undefined;
  if (given.data.op === 'd') return null;
  const after = row.safeParse(given.data.after);
  return after.success ? after.data : undefined;
}

/**
 * The document that an event of the topic is about: its key is `{"id": …}`.
 *
 * @throws ComponentError `EVENT_KEY_MALFORMED`
 */
export function documentIdOf({ key = '' }: Envelope<unknown>): string {
  const parsed = keyOfRecord.safeParse(jsonOf(Buffer.from(key)));
  if (parsed.success) return parsed.data.id;
  throw new ComponentError('EVENT_KEY_MALFORMED', 'the key of a record of documents is not {"id": …}');
}

const keyOfRecord = z.object({ id: z.string().min(1) });

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined; // no JSON fits no schema
  }
}
