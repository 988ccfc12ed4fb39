import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocks } from './pages.js';
import { expectPrinted, runBlock } from './run-block.js';
import { snippetsIn } from './snippets.js';

const all = blocks();

for (const block of all.filter(({ mode, how }) => mode === 'run' && ['', 'alone'].includes(how))) {
  test(`${block.page}:${block.line}`, { timeout: 60_000 }, () => runBlock(block));
}

test('every block of the pages in docs is run, or says why not', () => {
  expect(all.length).toBeGreaterThan(0);
  expect(all.filter(({ mode }) => mode !== 'run').map(({ page, line }) => `${page}:${line}`)).toEqual([]);
});

test('a block that a test of its own runs names one that reads its page', () => {
  for (const { how, page } of all.filter(({ how }) => how.startsWith('by '))) {
    const text = readFileSync(new URL(how.slice('by '.length), import.meta.url), 'utf8');
    expect(text).toContain(basename(page));
  }
});

describe('a block fails its test', () => {
  const run = (...code: string[]) =>
    Promise.all(snippetsIn('a.md', ['```ts run', ...code, '```'].join('\n')).map(runBlock));

  test('when it throws', async () => {
    await expect(run("throw new Error('wrong');")).rejects.toThrow('wrong');
  });

  test('when it leaves a pipeline running', async () => {
    const made = "pipeline('a').from(memorySource()).to(memorySink(), { checkpoints: memoryCheckpoints() })";
    const imports = "import { memoryCheckpoints, memorySink, memorySource, pipeline } from '@sluice/runtime';";
    const key = Symbol.for('left running');
    await expect(
      run(imports, `const left = ${made};`, "globalThis[Symbol.for('left running')] = left;", 'void left.run();'),
    ).rejects.toThrow("expected [ 'running' ]");
    const left = (globalThis as unknown as Record<symbol, { drain(): Promise<unknown> }>)[key];
    await left?.drain();
  });

  test('when it prints something else', async () => {
    await run('console.log({ a: 1 }); // { a: 1 }', 'console.log(2); // 2');
    await expect(run('console.log(1); // 2')).rejects.toThrow('"2" in what is printed: "1"');
    expect(() => expectPrinted('console.log(1); // 1\nconsole.log(2); // 2', '2\n1')).toThrow('"2"');
  });
});
