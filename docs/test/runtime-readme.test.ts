import type { RunningPipeline } from '@sluice/runtime';
import { expect, test } from 'vitest';
import { loadSnippet } from './load-snippet.js';
import { snippets } from './snippets.js';

test("the first lines of the runtime's README run as they stand", async () => {
  const [block] = snippets().filter(({ page, mode }) => page === 'packages/runtime/README.md' && mode === 'run');
  const { running, totals } = await loadSnippet(block?.code ?? '', 'export { running, totals };');
  expect((running as RunningPipeline).report()).toMatchObject({
    state: 'stopped',
    counters: { received: 2, written: 1 },
  });
  expect((totals as { events: { data: string }[] }).events.map(({ data }) => data)).toEqual(['a: 12.5 €']);
});
