import {
  BatchError,
  ComponentError,
  refuseBadSearchRequest,
  refuseBadSuggestion,
  refuseUnknownOptions,
  type SearchApplied,
  type SearchChange,
  type SearchFields,
  type SearchIndex,
  wrongSearchChange,
} from '@sluice/contracts';
import { checkCount, type StoreOptions, storeConnection } from '../connection/store-connection.js';
import { fromColumn, toColumn } from '../connection/text-column.js';
import { newestOfEach, ofAnotherEpoch, statementsOf, writeDocuments } from './apply.js';
import { type ChangeRow, changeRow, restoredDocument, tooLarge } from './document-columns.js';
import { findPage } from './find.js';
import { highlighter } from './highlights.js';
import { checkFields, type NumberedIndex, numberedIndex } from './index-fields.js';
import { knownWords } from './known-words.js';
import { suggestions } from './suggest.js';
import { textQuery } from './text-query.js';

/** Where documents are kept, and what they have. */
export interface PostgresSearchOptions extends StoreOptions {
  /** The name of the index: 1 to 200 characters. */
  readonly index: string;
  /** A field that is added counts for documents that are applied from then on; one of another kind needs another index. */
  readonly fields: SearchFields;
  /** Whether words with a slip are found too. Default: true. */
  readonly fuzzy?: boolean;
  /** A document whose names and texts have more is refused (`SEARCH_DOCUMENT_REFUSED`). Default: 16 MiB. */
  readonly maxDocumentBytes?: number;
  /** Characters of a field that are searched; what follows them is kept only. Default: 1,048,576. */
  readonly maxTextLength?: number;
}

/**
 * Documents that are searched in Postgres. The tables are made at first use; no extension is needed. What `apply` has resolved is
 * found at once.
 *
 * Of a text the first 1,000,000 bytes of different words count, over all fields, the shorter ones first. Of a request's text the first 64 words
 * count, and the first eight may have slips.
 *
 * @throws ComponentError `OPTIONS_INVALID`; the methods reject as `SearchIndex` says, and with `STORE_PG_*`.
 */
export function postgresSearch(options: PostgresSearchOptions): SearchIndex {
  refuseUnknownOptions('postgresSearch', options, KNOWN_OPTIONS);
  const { index: name, fuzzy = true } = options;
  if (typeof name !== 'string' || name === '' || name.length > 200) {
    throw new ComponentError('OPTIONS_INVALID', 'index: a name has 1 to 200 characters');
  }
  const fields = checkFields(options.fields);
  const maxDocumentBytes = checkCount('maxDocumentBytes', options.maxDocumentBytes ?? 16 * 1024 * 1024);
  const maxTextLength = checkCount('maxTextLength', options.maxTextLength ?? 1024 * 1024);
  const database = storeConnection(options);
  const words = knownWords(database);
  let opened: Promise<NumberedIndex> | undefined;
  const open = () => {
    opened ??= numberedIndex(database, name, fields).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  return {
    name: `postgres:${name}`,
    features: { fuzzy, highlights: true, facets: true, suggest: true },
    fields,
    async apply(changes, { adopt = false } = {}) {
      const index = await open();
      const failures = new Map<number, ComponentError>();
      const { newest, foreign } = newestOfEach(changes.filter(isGood), adopt);
      let applied = 0;
      const older: Pick<ChangeRow, 'id' | 'epoch'>[] = [];
      for (const statement of statementsOf(newest)) {
        const rows = statement.map((change) => changeRow(change, index, maxTextLength));
        if (fuzzy)
          await words.add(
            index.number,
            rows.flatMap((row) => row.words),
          );
        const written = await writeDocuments(database, index.number, rows, adopt);
        applied += written.size;
        for (const row of rows) if (!written.has(row.id)) older.push({ id: row.id, epoch: row.epoch });
      }
      const foreignId = foreign[0]?.id ?? (adopt ? undefined : await ofAnotherEpoch(database, index.number, older));
      if (foreignId !== undefined) throw epochChanged(foreignId);
      if (failures.size > 0) throw new BatchError(failures);
      return { applied, older: changes.length - applied } satisfies SearchApplied;

      function isGood(change: SearchChange, at: number): boolean {
        const wrong = wrongSearchChange(change, fields) ?? tooLarge(change.document, maxDocumentBytes);
        if (wrong) failures.set(at, wrong);
        return wrong === undefined;
      }
    },
    async get(id) {
      const { number } = await open();
      const sql = `SELECT document, epoch, version::text AS version FROM ${database.name('search_documents')} WHERE index = $1 AND id = $2 AND document IS NOT NULL`;
      const [row] = await database.rows<DocumentRow>('reading a searched document', sql, [number, toColumn(id)]);
      if (row === undefined) return undefined;
      const version = { epoch: fromColumn(row.epoch), value: BigInt(row.version) };
      return { document: restoredDocument(row.document), version };
    },
    async search(request) {
      refuseBadSearchRequest(request, fields);
      const index = await open();
      const query = await textQuery(request.text ?? '', index, fuzzy ? words : undefined);
      const page = await findPage(database, index, request, query);
      const { highlight = [] } = request;
      if (highlight.length === 0) return page;
      const highlights = highlighter(query?.words ?? []);
      return { ...page, hits: page.hits.map((hit) => ({ ...hit, highlights: highlights(hit.document, highlight) })) };
    },
    async suggest(beginning, { field, limit = 10 }) {
      refuseBadSuggestion(field, limit, fields);
      return suggestions(database, await open(), beginning, field, limit);
    },
    async refresh() {},
    [Symbol.asyncDispose]: database.end,
  };
}

const KNOWN_OPTIONS = [
  ...['connection', 'schema', 'maxConnections', 'statementTimeoutMs'],
  ...['index', 'fields', 'fuzzy', 'maxDocumentBytes', 'maxTextLength'],
];

interface DocumentRow {
  readonly document: string;
  readonly epoch: string;
  readonly version: string;
}

function epochChanged(id: string): ComponentError {
  return new ComponentError('SEARCH_EPOCH_CHANGED', 'a document has a version of another epoch', {
    details: { id: fromColumn(id) },
  });
}
