import { trackResources, waitFor } from '@sluice/testkit';
import { expect, test, vi } from 'vitest';
import { loadSnippet } from './load-snippet.js';
import { snippets } from './snippets.js';

test('what the README of @sluice/realtime says about history runs: each message once, and nothing is left', async () => {
  const [block] = snippets().filter(({ page, mode }) => page === 'packages/realtime/README.md' && mode === 'run');
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  using resources = trackResources();
  try {
    await loadSnippet(block?.code ?? '');
    await waitFor(() => log.mock.calls.length >= 3, { what: 'three messages' });
    await resources.assertNoLeaks({ timeoutMs: 20_000 });
    expect(log.mock.calls).toEqual([
      [{ text: 'first', offset: 1 }],
      [{ text: 'second', offset: 2 }],
      [{ text: 'third', offset: 3 }],
    ]);
  } finally {
    log.mockRestore();
  }
});
