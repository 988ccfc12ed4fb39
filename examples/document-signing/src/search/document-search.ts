import { type SearchHit, type SearchIndex, searchWords } from '@sluice/contracts';
import type { IndexedDocument } from './document-index.js';
import { RecentAnswers } from './recent-answers.js';
import type { FoundDocument, SearchQuery } from './schemas.js';

/** The newest first; of the same millisecond by id, which grows with time. */
const NEWEST_FIRST = [
  { field: 'created_at', order: 'desc' },
  { field: 'id', order: 'desc' },
] as const;

const HIGHLIGHTED = ['title', 'content'] as const;

/** A page of documents. */
export interface FoundPage {
  readonly total: number;
  readonly documents: FoundDocument[];
}

/** A value, and how many documents have it. */
export interface ValueCount {
  readonly key: string;
  readonly count: number;
}

/** Asks the index of documents; see {@link RecentAnswers}. A text without a word finds nothing. */
export class DocumentSearch {
  private readonly index: SearchIndex;
  private readonly pages = new RecentAnswers<FoundPage>();
  private readonly suggestions = new RecentAnswers<readonly string[]>();
  private readonly counts = new RecentAnswers<readonly ValueCount[]>();

  constructor(index: SearchIndex) {
    this.index = index;
  }

  find(query: SearchQuery): Promise<FoundPage> {
    return this.pages.of(JSON.stringify(query), () => this.look(query));
  }

  /** Titles in which a word begins so. */
  suggest(q: string, size: number): Promise<readonly string[]> {
    const look = async () => (await this.index.suggest?.(q, { field: 'title', limit: size })) ?? [];
    return this.suggestions.of(JSON.stringify([q, size]), look);
  }

  /** How many documents have which value, of those that `q` finds or of all. */
  count(field: string, q: string | undefined): Promise<readonly ValueCount[]> {
    return this.counts.of(JSON.stringify([field, q]), async () => {
      if (q && !hasWords(q)) return [];
      const { facets } = await this.index.search({ limit: 0, facets: [field], ...(q ? { text: q } : {}) });
      return (facets?.[field] ?? []).map(({ value, count }) => ({ key: String(value), count }));
    });
  }

  /** Resolves when the index answers. */
  async answers(): Promise<void> {
    await this.index.get('readiness');
  }

  private async look(query: SearchQuery): Promise<FoundPage> {
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
}

const hasWords = (q: string) => searchWords(q).length > 0;

function foundDocument({ document, score, highlights }: SearchHit): FoundDocument {
  const { content, ...entry } = document as IndexedDocument;
  const { title = [], content: inContent = [] } = highlights ?? {};
  return { ...entry, score, highlights: { title: [...title], content: [...inContent] } } as FoundDocument;
}
