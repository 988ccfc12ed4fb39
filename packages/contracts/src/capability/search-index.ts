import type { Version } from '../event/version.js';

/**
 * - `text` is searched by words; with `keyword` it can be used as a whole too;
 * - `keyword` (text), `number`, `date` (a `Date`'s ISO text) and `boolean` are compared as they are, filtered and sorted by.
 */
export type SearchFieldKind = 'text' | 'keyword' | 'number' | 'date' | 'boolean';

/** The fields of an index, by name. */
export type SearchFields = Readonly<Record<string, SearchField>>;

/** How a field is used. */
export interface SearchField {
  readonly kind: SearchFieldKind;
  /** Of `text`: how much a match counts. Default: 1. */
  readonly weight?: number;
  /** Of `text`: it can also be used as a whole, as a `keyword` is, in `where`, `sort`, `ties` and `facets`. Default: false. */
  readonly keyword?: boolean;
}

/** A field's value; `null`, or none, is no value. */
export type SearchValue = string | number | boolean | null;

/** A document: values of the fields of its index. Fields that the index does not have are kept, and not searched. */
export type SearchDocument = Readonly<Record<string, SearchValue>>;

/** A document as it is from now on. */
export interface SearchChange {
  /** 1 to 512 bytes of UTF-8. */
  readonly id: string;
  /** From the event; see {@link SearchIndex.apply}. */
  readonly version: Version;
  /** `null`: it was deleted. */
  readonly document: SearchDocument | null;
}

/** What became of changes. */
export interface SearchApplied {
  readonly applied: number;
  /** Those that changed nothing, since the index has the same or a newer version. */
  readonly older: number;
}

/** What a value must be: equal to it, equal to one of them, or within bounds. */
export type SearchCondition =
  | SearchValue
  | readonly SearchValue[]
  | {
      readonly gte?: string | number;
      readonly gt?: string | number;
      readonly lte?: string | number;
      readonly lt?: string | number;
    };

/** A field to sort by. */
export interface SearchOrder {
  readonly field: string;
  readonly order: 'asc' | 'desc';
}

/** What to search for. Without any of it: all documents. */
export interface SearchRequest {
  /**
   * Words (letters and digits); a document matches that has all of them in its text fields, in any case and order. No syntax:
   * nothing is special. Text without a word is no text.
   */
  readonly text?: string;
  /** By field; all must hold. `null` means: has no value. */
  readonly where?: Readonly<Record<string, SearchCondition>>;
  /** Default: the best match first. What is equal then is sorted by id. Documents without a value come last. */
  readonly sort?: readonly SearchOrder[];
  /** How hits of equal rank (by score, or by `sort`) are sorted, before their id. Documents without a value come last. */
  readonly ties?: readonly SearchOrder[];
  /** Hits at most. 0 to 1,000. Default: 10. */
  readonly limit?: number;
  /** Hits to leave out; with `limit` 10,000 at most. Not together with `after`. Default: 0. */
  readonly skip?: number;
  /** The `next` of the page before, of a request that is otherwise the same. */
  readonly after?: string;
  /** Text fields to show matches of, see {@link SearchHit.highlights}. Where `features.highlights`. */
  readonly highlight?: readonly string[];
  /** Fields (text only with `keyword`) to count the values of, over all that matches. Where `features.facets`. */
  readonly facets?: readonly string[];
}

/** A document that matches. */
export interface SearchHit {
  readonly id: string;
  readonly document: SearchDocument;
  /** How well it matches; greater is better. 0 without `text`. */
  readonly score: number;
  /** Extracts of the fields asked for, HTML-escaped, with the matches in `<em>`. */
  readonly highlights?: Readonly<Record<string, readonly string[]>>;
}

/** A page of hits. */
export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** How many match, over all pages. */
  readonly total: number;
  /** For `after`; none when this is the last page. */
  readonly next?: string;
  /** By field: the ten most frequent values, those of equal number by value. */
  readonly facets?: Readonly<Record<string, readonly { readonly value: SearchValue; readonly count: number }[]>>;
}

/** What an index can do. */
export interface SearchFeatures {
  /**
   * Finds words of four letters or more also with one letter too few, too many or wrong, or two neighbours swapped, and ranks
   * them below words as they are. A word with a digit in it is found only as it is.
   */
  readonly fuzzy: boolean;
  readonly highlights: boolean;
  readonly facets: boolean;
  /** Whether `suggest` is there. */
  readonly suggest: boolean;
}

/**
 * Documents that can be searched.
 *
 * - `apply` resolves when the changes are durable. A change counts only when its version is greater than the one the index has
 *   of that document, whatever the order in which they come; the version of a deleted document is remembered. Versions exceed
 *   64 bits.
 * - Versions of another epoch than the document's cannot be compared: they reject with `SEARCH_EPOCH_CHANGED`, unless `adopt` is
 *   given, which takes them as newer. Changes of other documents may then have been applied.
 * - A change that the index refuses (a value of another kind) rejects with a `BatchError` that names it; the others are applied.
 * - `get` sees what was applied at once; `search` sees it after `refresh`, or a little later.
 * - Text is data: no request can be made to fail, or to find something else, by what its `text` is.
 */
export interface SearchIndex extends AsyncDisposable {
  readonly name: string;
  readonly features: SearchFeatures;
  readonly fields: SearchFields;
  apply(changes: readonly SearchChange[], options?: { readonly adopt?: boolean }): Promise<SearchApplied>;
  get(id: string): Promise<{ readonly document: SearchDocument; readonly version: Version } | undefined>;
  /**
   * Throws `SEARCH_FIELD_UNKNOWN` for a field that the index does not have, or has as text where it must not be;
   * `SEARCH_CURSOR_INVALID`; `SEARCH_REQUEST_INVALID` for a limit or condition that there cannot be.
   */
  search(request: SearchRequest): Promise<SearchPage>;
  /**
   * Values of a text field in which a word begins so, each once, the most frequent first. Of a beginning of several words, those
   * before the last must be in the value as they are. `limit`: 1 to 100, default 10. Throws `SEARCH_FIELD_UNKNOWN`,
   * `SEARCH_REQUEST_INVALID`.
   */
  suggest?(beginning: string, options: { readonly field: string; readonly limit?: number }): Promise<readonly string[]>;
  /** Resolves when all that was applied before is found. */
  refresh(): Promise<void>;
}
