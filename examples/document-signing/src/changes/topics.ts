import { ComponentError, type Envelope } from '@sluice/contracts';

/** Changes of `documents.documents`. */
export const DOCUMENTS_TOPIC = 'cdc.documents';
/** Changes of `signatures.signatures`. */
export const SIGNATURES_TOPIC = 'cdc.signatures';

const TOPICS: ReadonlyMap<string, string> = new Map([
  ['documents.documents', DOCUMENTS_TOPIC],
  ['signatures.signatures', SIGNATURES_TOPIC],
]);

/**
 * The topic of a change: its type is `schema.table.operation`.
 *
 * Throws a ComponentError `EVENT_INVALID` for one of another table.
 */
export function topicOf({ type }: Envelope<unknown>): string {
  const topic = TOPICS.get(type.slice(0, type.lastIndexOf('.')));
  if (topic !== undefined) return topic;
  throw new ComponentError('EVENT_INVALID', 'a change of a table without a topic', { details: { type } });
}
