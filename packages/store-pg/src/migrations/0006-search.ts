import type { Migration } from './migration.js';

/**
 * Documents that are searched.
 *
 * - `words` are the words of all text fields, each as `index.field.word`: so one GIN index finds a word of one field of one
 *   index without a look at the row, and gives each field its weight. `fields` are the values to filter, sort and count by.
 *   Both are keyed by the numbers that `search_indexes` gives away: a field's place in its array, never changed.
 * - What is long goes out of the rows, which a search of a frequent word visits by the ten thousand; what is short stays in them.
 * - A deleted document keeps its version; the rest is null.
 * - `search_words` are the words that a slip may be meant for; looked up by how they begin and, backwards, by how they end.
 * - GIN's list of pending entries is read by every search, so it is kept short.
 */
export const search: Migration = {
  version: 6,
  name: 'search',
  sql: (schema) => `
    CREATE TABLE ${schema}.search_indexes (
      number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text COLLATE "C" NOT NULL UNIQUE,
      fields text[] NOT NULL
    );
    CREATE TABLE ${schema}.search_documents (
      index integer NOT NULL,
      id text COLLATE "C" NOT NULL,
      epoch text COLLATE "C" NOT NULL,
      version numeric NOT NULL,
      document text,
      fields jsonb,
      words tsvector,
      words_hash bytea,
      PRIMARY KEY (index, id)
    ) WITH (fillfactor = 85, toast_tuple_target = 256);
    ALTER TABLE ${schema}.search_documents
      ALTER COLUMN id SET STORAGE MAIN, ALTER COLUMN epoch SET STORAGE MAIN,
      ALTER COLUMN fields SET STORAGE MAIN, ALTER COLUMN words_hash SET STORAGE MAIN;
    CREATE INDEX search_documents_by_word ON ${schema}.search_documents USING gin (words) WITH (gin_pending_list_limit = 256);

    CREATE TABLE ${schema}.search_words (
      index integer NOT NULL,
      word text COLLATE "C" NOT NULL,
      PRIMARY KEY (index, word)
    );
    CREATE INDEX search_words_backwards ON ${schema}.search_words (index, reverse(word) COLLATE "C");
  `,
};
