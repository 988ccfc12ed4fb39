import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
// @ts-expect-error plain JavaScript without declarations
import { rules } from '../structure/rules.mjs';
// @ts-expect-error plain JavaScript without declarations
import { readWorkspace } from '../structure/workspace.mjs';

/** Files of a small workspace in order, over which a test lays its own. */
const sound: Record<string, string> = {
  'package.json': JSON.stringify({ devDependencies: { vitest: '*' } }),
  'packages/contracts/package.json': JSON.stringify({ name: '@sluice/contracts' }),
  'packages/contracts/README.md': '# contracts',
  'packages/contracts/src/index.ts': "export * from './event/key.js';\n",
  'packages/contracts/src/event/key.ts': 'export const key = 1;\n',
  'packages/cdc/package.json': JSON.stringify({
    name: '@sluice/cdc',
    dependencies: { '@sluice/contracts': '*', pg: '*' },
    devDependencies: { '@sluice/runtime': '*' },
  }),
  'packages/cdc/README.md': '# cdc',
  'packages/cdc/src/index.ts': "export { read } from './wal/read.js';\n",
  'packages/cdc/src/wal/read.ts':
    "import { once } from 'node:events';\nimport pg from 'pg';\nimport { key } from '@sluice/contracts';\nexport const read = [once, pg, key];\n",
  'packages/cdc/test/read.test.ts':
    "import { test } from 'vitest';\nimport '@sluice/runtime';\ntest('reads', () => {});\n",
};

/** `path:line rule`, for everything the rules say about the sound workspace with `files` over it. */
export function findingsOf(files: Record<string, string> = {}): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-structure-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ ...sound, ...files })) {
    if (text === '') continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const workspace = readWorkspace(folder);
  const found: { where: string; rule: string }[] = rules.flatMap((rule: (w: unknown) => unknown) => rule(workspace));
  return found.map(({ where, rule }) => `${where} ${rule}`);
}
