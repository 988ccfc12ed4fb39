import { format } from 'node:util';
import { expect, test, vi } from 'vitest';
import { loadModules } from './load-snippet.js';
import { expectPrinted } from './run-block.js';
import { snippets } from './snippets.js';

test('the first lines of the README of @sluice/grpc print what they say, and end', async () => {
  const [block] = snippets().filter(({ page, mode }) => page === 'packages/grpc/README.md' && mode === 'run');
  if (block === undefined) throw new Error('packages/grpc/README.md has no block that says `ts run`');
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await loadModules({
      'generated/document_pb': "export * from '../../generated/document_pb.js';",
      block: block.code,
    });
    expectPrinted(block.code, log.mock.calls.map((values) => format(...values)).join('\n'));
    expect(log.mock.calls).toHaveLength(2);
  } finally {
    log.mockRestore();
  }
});
