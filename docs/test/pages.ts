import { type Snippet, snippets } from './snippets.js';

/** The blocks of the pages in docs, every one of which is run. */
export function blocks(): Snippet[] {
  return snippets().filter(({ page }) => page.startsWith('docs/'));
}
