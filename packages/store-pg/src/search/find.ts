import type { SearchPage, SearchRequest, SearchValue } from '@sluice/contracts';
import type { StoreConnection } from '../connection/store-connection.js';
import { fromColumn } from '../connection/text-column.js';
import { conditionsSql, fieldOf, valueSql } from './conditions.js';
import { restoredDocument } from './document-columns.js';
import type { NumberedField, NumberedIndex } from './index-fields.js';
import { afterSql, cursorOf, orderSql, type SortKey, sortKeys } from './order.js';
import { Parameters } from './parameters.js';
import type { TextQuery } from './text-query.js';

/** Values of a field that are counted. */
const FACET_VALUES = 10;

interface HitRow {
  readonly total: number;
  readonly facets: Readonly<Record<string, readonly (readonly [string | number, number])[] | null>> | null;
  readonly id: string | null;
  readonly score: number;
  readonly document: string;
  readonly place: readonly (string | number | null)[];
}

/** One page, without highlights, by one statement. `query` is what the request's text asks for. */
export async function findPage(
  database: StoreConnection,
  index: NumberedIndex,
  request: SearchRequest,
  query: TextQuery | undefined,
): Promise<SearchPage> {
  const { limit = 10, facets } = request;
  const { sql, values } = findSql(database.name('search_documents'), index, request, query);
  const rows = await database.rows<HitRow>('searching', sql, values);
  const hits = rows.filter(({ id }) => id !== null);
  const page = hits.slice(0, limit);
  const last = page.at(-1);
  return {
    hits: page.map(({ id, score, document }) => ({
      id: fromColumn(id as string),
      score,
      document: restoredDocument(document),
    })),
    total: rows[0]?.total ?? 0,
    ...(last && hits.length > page.length ? { next: cursorOf(request, last.place) } : {}),
    ...(facets ? { facets: facetsOf(rows[0], facets, index) } : {}),
  };
}

/**
 * First all documents that match, with what they are sorted and counted by; of these the page, whose documents alone are read.
 */
function findSql(table: string, index: NumberedIndex, request: SearchRequest, query: TextQuery | undefined) {
  const { limit = 10, skip = 0, where, facets = [] } = request;
  const parameters = new Parameters([index.number]);
  const keys = sortKeys(request, index);
  const columns = [
    ...keys.flatMap(({ column, sql }) => (sql === undefined ? [] : [[column, sql] as const])),
    ...facets.map((name, at) => [`f${at}`, valueSql(fieldOf(index, name))] as const),
  ];
  const conditions = conditionsSql(where, index, parameters);
  const found = query
    ? `
  SELECT d.id, round(sum(part.weight) * 1e6) / 1e6 AS score${columns.map(([name, sql]) => `, min(${sql}) AS ${name}`).join('')}
  FROM unnest(${parameters.add(
    query.parts.map((part) => part.query),
    'tsquery[]',
  )}, ${parameters.add(
    query.parts.map(({ weight }) => weight),
    'float8[]',
  )}) AS part (query, weight)
  JOIN ${table} AS d ON d.words @@ part.query
  WHERE d.index = $1${conditions}
  GROUP BY d.id`
    : `
  SELECT d.id, 0::float8 AS score${columns.map(([name, sql]) => `, ${sql} AS ${name}`).join('')}
  FROM ${table} AS d WHERE d.index = $1 AND d.document IS NOT NULL${conditions}`;
  const sql = `
WITH found AS MATERIALIZED (${found}
), summary AS (
  SELECT count(*)::int AS total, ${facetsSql(facets)} AS facets FROM found
), page AS (
  SELECT * FROM found WHERE true${afterSql(request, keys, parameters)}
  ORDER BY ${orderSql(keys)} LIMIT ${parameters.add(limit === 0 ? 0 : limit + 1, 'int')} OFFSET ${parameters.add(skip, 'int')}
)
SELECT summary.total, summary.facets, page.id, page.score, d.document, ${placeSql(keys)} AS place
FROM summary LEFT JOIN (page JOIN ${table} AS d ON d.index = $1 AND d.id = page.id) ON true
ORDER BY ${orderSql(keys.map((key) => ({ ...key, column: `page.${key.column}` })))}`;
  return { sql, values: parameters.values };
}

function placeSql(keys: readonly SortKey[]): string {
  return `json_build_array(${keys.map(({ column }) => `page.${column}`).join(', ')})`;
}

/** The most frequent values of each field, those of equal number by value. */
function facetsSql(names: readonly string[]): string {
  if (names.length === 0) return 'NULL::json';
  const each = names.map(
    (_, at) => `'${at}', (
    SELECT json_agg(json_build_array(value, count)) FROM (
      SELECT f${at} AS value, count(*) AS count FROM found WHERE f${at} IS NOT NULL
      GROUP BY f${at} ORDER BY count DESC, value LIMIT ${FACET_VALUES}
    ) AS most)`,
  );
  return `json_build_object(${each.join(', ')})`;
}

function facetsOf(row: HitRow | undefined, names: readonly string[], index: NumberedIndex) {
  const counts = names.map((name, at) => {
    const values = row?.facets?.[at] ?? [];
    return [name, values.map(([value, count]) => ({ value: original(value, fieldOf(index, name)), count }))] as const;
  });
  return Object.fromEntries(counts);
}

function original(value: string | number, { kind }: NumberedField): SearchValue {
  if (kind === 'boolean') return value === 1;
  if (kind === 'date') return new Date(value).toISOString();
  return typeof value === 'string' ? fromColumn(value) : value;
}
