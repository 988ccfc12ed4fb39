import { signal } from '@preact/signals';
import { FACETS, type Filters } from '../api/search.js';

/** Where the page is: all of it is in the query of its address, so that any web server can serve the page, and links can be shared. */
export interface Route extends Filters {
  /** The document that is open; empty for the list. */
  readonly document: string;
  /** What is searched for. */
  readonly q: string;
}

const NAMES = ['document', 'q', ...FACETS] as const;

export const route = signal<Route>(read());

addEventListener('popstate', () => {
  route.value = read();
});

/** Goes elsewhere; `replace` leaves no entry in the history. */
export function go(to: Partial<Route>, { replace = false } = {}): void {
  const target = address(to);
  if (replace) history.replaceState(null, '', target);
  else history.pushState(null, '', target);
  route.value = read();
}

/** The address of a place: what is not named stays as it is. */
export function address(to: Partial<Route>): string {
  const next: Route = { ...route.value, ...to };
  const query = new URLSearchParams();
  for (const name of NAMES) if (next[name] !== '') query.set(name, next[name]);
  return query.size > 0 ? `?${query}` : location.pathname;
}

function read(): Route {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ''])) as unknown as Route;
}
