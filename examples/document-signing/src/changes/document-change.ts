import type { DebeziumValue } from '@sluice/cdc';
import { ComponentError } from '@sluice/contracts';

/** A document in the topic `cdc.documents`: times are in ISO 8601. */
export interface TopicDocument {
  readonly id: string;
  readonly version: number;
}

/** What happened to a document; `gone` when it was deleted. */
export interface DocumentChange {
  readonly id: string;
  /** The highest version that the change has made out of date; 0 when it is new. */
  readonly outdated: number;
  readonly gone: boolean;
}

/**
 * Reads a value of `cdc.documents`.
 *
 * Throws a ComponentError `EVENT_INVALID` unless it is a change of a document in Debezium's envelope.
 */
export function readDocumentChange(value: Uint8Array): DocumentChange {
  const { before, after } = envelopeIn(value);
  if (after) return { id: text(after.id), outdated: number(after.version) - 1, gone: false };
  return { id: text(before?.id), outdated: number(before?.version), gone: true };
}

function envelopeIn(value: Uint8Array): DebeziumValue<Partial<TopicDocument>> {
  try {
    const envelope: unknown = JSON.parse(Buffer.from(value).toString());
    if (typeof envelope === 'object' && envelope !== null) return envelope as DebeziumValue<Partial<TopicDocument>>;
  } catch {
    // What the parser says would quote the row.
  }
  throw invalid();
}

function text(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid();
}

function number(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw invalid();
}

function invalid(): ComponentError {
  return new ComponentError('EVENT_INVALID', 'what was read is no change of a document');
}
