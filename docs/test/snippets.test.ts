import { expect, test } from 'vitest';
import { compileSnippets } from './compile-snippets.js';
import { snippets, snippetsIn } from './snippets.js';

test('every block of TypeScript in our pages compiles', { timeout: 60_000 }, () => {
  const all = snippets();
  expect(all.length).toBeGreaterThan(0);
  expect(compileSnippets(all)).toEqual([]);
});

const page = (...lines: string[]) => snippetsIn('a.md', lines.join('\n'));

test('an error in a block is told by page and line', { timeout: 60_000 }, () => {
  const wrong = page('# A', '', '```ts', 'const a = 1;', 'const b: string = a;', '```');
  expect(compileSnippets(wrong)).toEqual(["a.md:5: Type 'number' is not assignable to type 'string'."]);
});

test('a block takes for granted what the comment above it declares', { timeout: 60_000 }, () => {
  const fence = ['```ts', 'export const n = given + 1;', '```'];
  expect(compileSnippets(page('<!-- ts: declare const given: number; -->', ...fence))).toEqual([]);
  expect(compileSnippets(page(...fence))).toEqual(["a.md:2: Cannot find name 'given'."]);
});

test('only `ts ignore` and other languages are left out', () => {
  expect(page('```ts ignore because', 'nonsense', '```', '```sh', 'ls', '```')).toEqual([]);
  expect(page('```ts run', 'a', '```')).toMatchObject([{ mode: 'run', line: 2, code: 'a' }]);
  expect(page('```ts run by a.test.ts', 'a', '```')).toMatchObject([{ mode: 'run', how: 'by a.test.ts' }]);
  expect(page('```` ```ts ```` begins a block', 'within a line')).toEqual([]);
  expect(page('````md', '```ts', 'nonsense', '```', '````')).toEqual([]);
  expect(() => page('```ts check', 'a', '```')).toThrow('a.md:1');
  expect(() => page('```ts ignore', 'a', '```')).toThrow('a.md:1');
  expect(() => page('```ts', 'a')).toThrow('never closed');
});

test('what surrounds a block: the comment of the page, the one above it, the one below it', () => {
  const text = [
    '<!-- ts page: first; -->',
    '<!-- ts: second; -->',
    '```ts',
    'code',
    '```',
    '',
    '<!-- ts after: last; -->',
  ];
  expect(page(...text, '```ts', 'other', '```')).toMatchObject([
    { context: 'first;\nsecond;', code: 'code', after: 'last;' },
    { context: 'first;', code: 'other', after: '' },
  ]);
});
