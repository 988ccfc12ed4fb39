import { useLayoutEffect, useState } from 'preact/hooks';
import type { Document } from '../api/documents.js';
import { FACETS } from '../api/search.js';
import { documents, loaded, loadOlder, loadProblem, more } from '../library/store.js';
import { route } from '../route/route.js';
import { facets } from '../search/facets.js';
import { MOST_HITS, moreHits, results, searching, searchProblem } from '../search/results.js';
import { onKeys } from '../shortcuts/shortcuts.js';
import { toastProblem } from '../toast/toasts.js';
import { ChosenFilters } from './chosen-filters.js';
import { FilterPanel } from './filters.js';
import { NoDocuments, NothingFound } from './nothing.js';
import { Rows } from './rows.js';
import { step } from './step.js';
import { Summary } from './summary.js';

/** All documents, or those that words and filters leave. */
export function ListView() {
  const q = route.value.q.trim();
  useLayoutEffect(
    () => onKeys({ j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1) }),
    [],
  );
  return (
    <main class={`list-view${loaded.value && documents.value.length === 0 ? ' empty' : ''}`}>
      <FilterPanel />
      <section class="list" aria-labelledby="list-heading">
        <div class="list-head">
          <h1 id="list-heading" tabIndex={-1}>
            {q ? 'Search results' : 'Documents'}
          </h1>
          <p class="count" role="status" data-testid="count">
            {count(q)}
          </p>
        </div>
        <ChosenFilters />
        {q ? <Results q={q} /> : <All />}
      </section>
    </main>
  );
}

function All() {
  const all = documents.value;
  const chosen = FACETS.filter((facet) => route.value[facet] !== '');
  if (loadProblem.value && !loaded.value) {
    const { message, advice } = loadProblem.value;
    return <Unable text={`The documents could not be loaded. ${message} ${advice} Trying again…`} />;
  }
  if (!loaded.value) return <Skeleton />;
  if (all.length === 0) return <NoDocuments />;
  return (
    <>
      {chosen.length === 0 && <Summary />}
      {shown().length === 0 && !more.value ? <NothingFound q="" filtered /> : <Rows documents={shown()} />}
      {more.value && <Older narrowed={chosen.length > 0} known={all.length} />}
    </>
  );
}

/** Those of the known documents that the filters leave. */
function shown(): readonly Document[] {
  const chosen = FACETS.filter((facet) => route.value[facet] !== '');
  return documents.value.filter((document) => chosen.every((facet) => document[facet] === route.value[facet]));
}

function Results({ q }: { readonly q: string }) {
  const found = results.value;
  const filtered = FACETS.some((facet) => route.value[facet] !== '');
  if (searchProblem.value) {
    const { message, advice } = searchProblem.value;
    return <Unable text={`The search did not work. ${message} ${advice}`} />;
  }
  if (found === undefined) return <Skeleton />;
  if (found.documents.length === 0 && !searching.value) return <NothingFound q={q} filtered={filtered} />;
  return (
    <>
      {found.q !== found.typed && <p class="completed quiet">Showing what is found for “{found.q}”</p>}
      <Rows documents={found.documents} />
      {found.total > found.documents.length && found.documents.length < MOST_HITS && (
        <button type="button" class="more" onClick={moreHits}>
          Show more
        </button>
      )}
    </>
  );
}

function Older({ narrowed, known }: { readonly narrowed: boolean; readonly known: number }) {
  const [busy, setBusy] = useState(false);
  const load = () => {
    setBusy(true);
    loadOlder()
      .catch((error: unknown) => toastProblem('Older documents could not be loaded.', error))
      .finally(() => setBusy(false));
  };
  return (
    <div class="older">
      {narrowed && <p class="quiet">These are among the newest {known}; search to look through all of them.</p>}
      <button type="button" class="more" disabled={busy} onClick={load}>
        {busy ? 'Loading…' : 'Load older documents'}
      </button>
    </div>
  );
}

const Unable = ({ text }: { readonly text: string }) => (
  <p class="unable" role="alert">
    {text}
  </p>
);

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {[1, 2, 3, 4].map((row) => (
        <span key={row} />
      ))}
    </div>
  );
}

function count(q: string): string {
  if (q) {
    const total = results.value?.total;
    return total === undefined ? '' : `${total} found`;
  }
  if (!loaded.value) return '';
  const known = shown().length;
  if (!more.value || FACETS.some((facet) => route.value[facet] !== '')) return String(known);
  return String(
    Math.max(
      known,
      facets.value.status.reduce((sum, { count }) => sum + count, 0),
    ),
  );
}
