import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
// @ts-expect-error plain JavaScript without declarations
import { whatIsStale } from '../setup/npm-packages.mjs';

const pg = { 'node_modules/pg': { version: '8.0.0' } };
const installed = {
  'package.json': { dependencies: { pg: '^8.0.0' } },
  'package-lock.json': { packages: { '': { dependencies: { pg: '^8.0.0' } }, ...pg } },
  'node_modules/.package-lock.json': { packages: pg },
  'node_modules/pg/package.json': {},
};

test('nothing is installed while node_modules is what the lockfile says', () => {
  expect(staleIn(installed)).toBeUndefined();
});

test('an installation that never came to its end is made anew', () => {
  expect(staleIn({ ...installed, 'node_modules/.package-lock.json': undefined })).toBe('nothing is installed');
});

test('a package removed, changed in the lockfile, or asked for since is named', () => {
  expect(staleIn({ ...installed, 'node_modules/pg/package.json': undefined })).toBe('node_modules/pg is missing');
  expect(
    staleIn({
      ...installed,
      'node_modules/.package-lock.json': { packages: { 'node_modules/pg': { version: '7.0.0' } } },
    }),
  ).toBe('node_modules/pg is another version');
  expect(staleIn({ ...installed, 'package.json': { dependencies: { ws: '*' } } })).toMatch('package.json have changed');
});

function staleIn(files: Record<string, unknown>) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-packages-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(content));
  }
  return whatIsStale(folder);
}
