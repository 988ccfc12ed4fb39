import { ComponentError, type SearchChange, type SearchDocument, searchWords } from '@sluice/contracts';
import { fromColumn, hashOfText, toColumn } from '../connection/text-column.js';
import type { NumberedField, NumberedIndex } from './index-fields.js';
import { lexemesOf } from './lexemes.js';

/** A change as the statement takes it; nulls for a deletion. */
export interface ChangeRow {
  readonly id: string;
  readonly epoch: string;
  readonly version: string;
  readonly document: string | null;
  readonly fields: string | null;
  /** Lexemes, with blanks between them. */
  readonly lexemes: string | null;
  readonly hash: Buffer | null;
  /** Each once. */
  readonly words: readonly string[];
}

/** A document as JSON that functions of Postgres can read: names and texts are as a column takes them. */
function storedDocument(document: SearchDocument): string {
  const entries = Object.entries(document).map(([name, value]) => {
    return [toColumn(name), typeof value === 'string' ? toColumn(value) : value] as const;
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/** The document that was stored so. */
export function restoredDocument(stored: string): SearchDocument {
  const entries = Object.entries(JSON.parse(stored) as SearchDocument).map(([name, value]) => {
    return [fromColumn(name), typeof value === 'string' ? fromColumn(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

/** Of its names and texts. */
export function documentBytes(document: SearchDocument | null): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(document ?? {})) {
    bytes += Buffer.byteLength(name) + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  return bytes;
}

/** What is wrong with a document that has more bytes than that in its names and texts: `SEARCH_DOCUMENT_REFUSED`. */
export function tooLarge(document: SearchDocument | null, maxDocumentBytes: number): ComponentError | undefined {
  const bytes = documentBytes(document);
  if (bytes <= maxDocumentBytes) return undefined;
  return new ComponentError(
    'SEARCH_DOCUMENT_REFUSED',
    `a document has ${bytes} bytes, of ${maxDocumentBytes} at most`,
    {
      details: { bytes, maxDocumentBytes },
    },
  );
}

/** The columns of a change; of long texts the words of their first `maxTextLength` characters. */
export function changeRow(change: SearchChange, index: NumberedIndex, maxTextLength: number): ChangeRow {
  const { version, document } = change;
  const named = { id: toColumn(change.id), epoch: toColumn(version.epoch), version: version.value.toString() };
  if (document === null) {
    return { ...named, document: null, fields: null, lexemes: null, hash: null, words: [] };
  }
  const text = storedDocument(document);
  const all = [...index.fields.values()];
  const texts = all.filter(({ isText }) => isText).map((field) => wordsIn(document, field, maxTextLength));
  const lexemes = lexemesOf(index.number, texts).join(' ');
  return {
    ...named,
    document: text,
    fields: JSON.stringify(Object.fromEntries(all.flatMap((field) => comparableEntry(document, field)))),
    lexemes,
    hash: hashOfText(lexemes),
    words: [...new Set(texts.flatMap(({ words }) => words))],
  };
}

function wordsIn(document: SearchDocument, { name, number }: NumberedField, maxLength: number) {
  const value = Object.hasOwn(document, name) ? document[name] : null;
  return { number, words: typeof value === 'string' ? searchWords(value.slice(0, maxLength)) : [] };
}

/** A value in the form in which it is compared: dates as milliseconds. */
export function comparableValue(value: string | number | boolean, { kind }: NumberedField): string | number | boolean {
  if (kind === 'date') return Date.parse(String(value));
  return typeof value === 'string' ? toColumn(value) : value;
}

function comparableEntry(document: SearchDocument, field: NumberedField): [number, string | number | boolean][] {
  const value = Object.hasOwn(document, field.name) ? document[field.name] : null;
  return field.kind === 'text' || value == null ? [] : [[field.number, comparableValue(value, field)]];
}
