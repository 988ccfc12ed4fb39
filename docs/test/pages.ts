import { type Snippet, snippets } from './snippets.js';

/** The pages whose every block is run. */
export const PAGES = [
  'dead-letters',
  'extending',
  'guarantees',
  'lifecycle',
  'operators',
  'routing',
  'scaling',
  'telemetry',
].map((name) => `docs/${name}.md`);

/** Their blocks, in the order of the pages. */
export function blocks(): Snippet[] {
  return snippets().filter(({ page }) => PAGES.includes(page));
}
