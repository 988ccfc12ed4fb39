import { expect, test } from 'vitest';
import { findingsOf } from './workspace-fixture.js';

const file = 'packages/cdc/src/wal/extra.ts';
const browser = {
  'packages/realtime/package.json': JSON.stringify({
    name: '@sluice/realtime',
    dependencies: { '@sluice/contracts': '*', ws: '*' },
  }),
  'packages/realtime/README.md': '# realtime',
};

test('a workspace in order has no findings', () => {
  expect(findingsOf()).toEqual([]);
});

test.each([
  ["import type { A } from '@sluice/runtime';", 'import-direction'],
  ["export { a } from '@sluice/store-pg';", 'import-direction'],
  ["const a = await import('@sluice/runtime/sub');", 'import-direction'],
  ["type A = import('@sluice/runtime').A;", 'import-direction'],
])('an adapter imports the contracts alone: %s', (line, rule) => {
  expect(findingsOf({ [file]: `\n${line}\n` })).toContain(`${file}:2 ${rule}`);
});

test('contracts import nothing at all', () => {
  const path = 'packages/contracts/src/event/key.ts';
  expect(findingsOf({ [path]: "import '@sluice/cdc';\n" })).toContain(`${path}:1 import-direction`);
  expect(findingsOf({ [path]: "import 'node:fs';\n" })).toEqual([`${path}:1 node-free`]);
});

test('what the browser half of realtime reaches is free of Node, also by way of other files', () => {
  const entry = 'packages/realtime/src/browser/index.ts';
  const far = 'packages/realtime/src/wire/frame.ts';
  const files = { ...browser, [entry]: "export * from '../wire/frame.js';\n" };
  expect(findingsOf({ ...files, [far]: "import '@sluice/contracts';\n" })).toEqual([]);
  expect(findingsOf({ ...files, [far]: "import 'node:buffer';\n" })).toEqual([`${far}:1 node-free`]);
  expect(findingsOf({ ...files, [far]: "import 'ws';\n" })).toEqual([`${far}:1 node-free`]);
});

test('modules of Node carry their prefix', () => {
  expect(findingsOf({ [file]: "import 'fs';\n" })).toEqual([`${file}:1 node-prefix`]);
});

test('what source imports is declared for those who install it; tests may use what is for development', () => {
  expect(findingsOf({ [file]: "import 'rxjs/operators';\n" })).toEqual([`${file}:1 declared-imports`]);
  expect(findingsOf({ [file]: "import 'vitest';\n" })).toEqual([`${file}:1 declared-imports`]);
  expect(findingsOf({ 'packages/cdc/test/x.test.ts': "import 'rxjs';\n" })).toHaveLength(1);
  expect(findingsOf({ 'packages/cdc/test/x.test.ts': "import 'vitest';\n" })).toEqual([]);
});

test('a relative import stays in its package, and source does not lean on tests', () => {
  expect(findingsOf({ [file]: "import '../../../contracts/src/index.js';\n" })).toEqual([`${file}:1 stays-in-package`]);
  expect(findingsOf({ [file]: "import '../../test/read.test.js';\n" })).toEqual([`${file}:1 stays-in-package`]);
});

test('an index file only exports', () => {
  const path = 'packages/cdc/src/index.ts';
  expect(findingsOf({ [path]: "export * from './wal/read.js';\nexport const a = 1;\n" })).toEqual([
    `${path}:2 entry-only-exports`,
  ]);
});

test('library code does not log; a comment or a string about it is no harm', () => {
  expect(findingsOf({ [file]: "// console.log\nexport const a = 'console.log';\n" })).toEqual([]);
  expect(findingsOf({ [file]: 'console.error(1);\n' })).toEqual([`${file}:1 console-free`]);
});

test.each(['test.only', 'describe.skip', 'it.concurrent.skip', 'test.todo'])('%s keeps tests from running', (call) => {
  const path = 'packages/cdc/test/x.test.ts';
  expect(findingsOf({ [path]: `${call}('x', () => {});\n` })).toEqual([`${path}:1 no-muted-tests`]);
});

test('no file above 400 lines, the median of a package below 100', () => {
  expect(findingsOf({ [file]: '\n'.repeat(401) })).toEqual([`${file}:400 file-size`]);
  expect(findingsOf({ [file]: '\n'.repeat(400), 'packages/cdc/src/wal/b.ts': '\n'.repeat(100) })).toEqual([
    'packages/cdc median-size',
  ]);
});

test.each(['utils/a.ts', 'wal/helpers.ts', 'types.ts', 'common/b/c.ts'])(
  'src/%s is not named for a concept',
  (path) => {
    expect(findingsOf({ [`packages/cdc/src/${path}`]: 'export {};\n' })).toEqual([
      expect.stringMatching(/^packages\/cdc\/src\/(utils|wal\/helpers\.ts|types\.ts|common) plain-names$/),
    ]);
  },
);

test('every package has a README', () => {
  expect(findingsOf({ 'packages/cdc/README.md': '' })).toEqual(['packages/cdc readme']);
});
