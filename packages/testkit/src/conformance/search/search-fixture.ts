import type {
  SearchApplied,
  SearchDocument,
  SearchFeatures,
  SearchFields,
  SearchIndex,
  SearchRequest,
} from '@sluice/contracts';
import { type ConformanceTest, promise } from '../suite.js';

/** A search index as the suite needs it. */
export interface SearchIndexUnderTest {
  readonly name: string;
  /** As the index declares them; the suite checks that it does. */
  readonly features: SearchFeatures;
  /** Makes an empty index of these fields; each test has one of its own. */
  create(fields: SearchFields): Promise<SearchIndexFixture>;
  /** Why what was applied does not outlast the index object, where that is so. */
  readonly volatile?: string;
}

/** A place for documents, and indexes that open it. */
export interface SearchIndexFixture extends AsyncDisposable {
  /** An index over the place, anew at each call, as another process would have it. */
  index(): SearchIndex;
}

/** Makes a test over an index of its own. */
export type Check = (
  name: string,
  run: (index: SearchIndex, fixture: SearchIndexFixture) => Promise<void>,
  unless?: string | false,
) => ConformanceTest;

/** What the suite's indexes have. */
export const FIELDS: SearchFields = {
  title: { kind: 'text', weight: 2 },
  body: { kind: 'text' },
  author: { kind: 'text', keyword: true },
  status: { kind: 'keyword' },
  size: { kind: 'number' },
  made: { kind: 'date' },
  open: { kind: 'boolean' },
};

/** Makes the tests of one subject. */
export const checkOf =
  (subject: SearchIndexUnderTest): Check =>
  (name, run, unless = false) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create(FIELDS);
      await using index = fixture.index();
      await run(index, fixture);
    });

/** Applies one change of the epoch `1`. */
export function applyOne(
  index: SearchIndex,
  id: string,
  version: bigint,
  document: SearchDocument | null,
): Promise<SearchApplied> {
  return index.apply([{ id, version: { epoch: '1', value: version }, document }]);
}

/** Fills an index with documents by id, and makes them found. */
export async function fill(index: SearchIndex, documents: Readonly<Record<string, SearchDocument>>): Promise<void> {
  const entries = Object.entries(documents);
  await index.apply(entries.map(([id, document]) => ({ id, document, version: { epoch: '1', value: 1n } })));
  await index.refresh();
}

/** The ids that a request finds, in their order. */
export async function idsOf(index: SearchIndex, request: SearchRequest = {}): Promise<string[]> {
  return (await index.search({ limit: 100, ...request })).hits.map(({ id }) => id);
}
