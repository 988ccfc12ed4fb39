import { type SearchHit, type SearchIndex, searchWords } from '@sluice/contracts';
import type { IndexedDocument } from './document-index.js';
import type { FoundDocument, SearchQuery } from './schemas.js';

/** The newest first; of the same millisecond by id, which grows with time. */
const NEWEST_FIRST = [
  { field: 'created_at', order: 'desc' },
  { field: 'id', order: 'desc' },
] as const;

const HIGHLIGHTED = ['title', 'content'] as const;

/** Asks the index of documents. A text without a word finds nothing. */
export class DocumentSearch {
  private readonly index: SearchIndex;

  constructor(index: SearchIndex) {
    this.index = index;
  }

  async find(query: SearchQuery): Promise<{ readonly total: number; readonly documents: FoundDocument[] }> {
    const { q, status, created_by, content_type, from, size } = query;
    if (!hasWords(q)) return { total: 0, documents: [] };
    const wanted = Object.entries({ status, created_by, content_type }).filter(([, value]) => value !== undefined);
    const { total, hits } = await this.index.search({
      text: q,
      where: Object.fromEntries(wanted) as Record<string, string>,
      ties: NEWEST_FIRST,
      skip: from,
      limit: size,
      ...(this.index.features.highlights ? { highlight: HIGHLIGHTED } : {}),
    });
    return { total, documents: hits.map(foundDocument) };
  }

  /** Titles in which a word begins so. */
  async suggest(q: string, size: number): Promise<readonly string[]> {
    return (await this.index.suggest?.(q, { field: 'title', limit: size })) ?? [];
  }

  /** How many documents have which value, of those that `q` finds or of all. */
  async count(field: string, q: string | undefined): Promise<{ readonly key: string; readonly count: number }[]> {
    if (q && !hasWords(q)) return [];
    const { facets } = await this.index.search({ limit: 0, facets: [field], ...(q ? { text: q } : {}) });
    return (facets?.[field] ?? []).map(({ value, count }) => ({ key: String(value), count }));
  }

  /** Resolves when the index answers. */
  async answers(): Promise<void> {
    await this.index.get('readiness');
  }
}

const hasWords = (q: string) => searchWords(q).length > 0;

function foundDocument({ document, score, highlights }: SearchHit): FoundDocument {
  const { content, ...entry } = document as IndexedDocument;
  const { title = [], content: inContent = [] } = highlights ?? {};
  return { ...entry, score, highlights: { title: [...title], content: [...inContent] } } as FoundDocument;
}
