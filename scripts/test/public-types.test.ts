import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../packages', import.meta.url));

test.each(readdirSync(folder))('what the public types of %s import is installed with it', (name) => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
  const installed = Object.keys({ ...dependencies, ...peerDependencies });
  const needed = importsOf(name).flatMap((module) => packagesOf(module, name));
  expect([...new Set(needed)].filter((wanted) => !installed.includes(wanted))).toEqual([]);
});

test('types that come from a package of their own are found there', () => {
  expect(packagesOf('pg', 'cdc')).toEqual(['pg', '@types/pg']);
  expect(packagesOf('@sluice/contracts', 'cdc')).toEqual(['@sluice/contracts']);
  expect(importsOf('cdc')).toContain('pg');
});

/** What a package's API reports import, which is what its declarations do; those need not be built for it. */
function importsOf(name: string): string[] {
  const reports = join(folder, name, 'api');
  const files = existsSync(reports) ? readdirSync(reports).filter((file) => file.endsWith('.api.md')) : [];
  const text = files.map((file) => readFileSync(join(reports, file), 'utf8')).join('\n');
  const modules = [...text.matchAll(/^import .*? from '([^']+)';|\bimport\('([^']+)'\)/gm)];
  return modules.map(([, from, inline]) => from ?? inline ?? '').filter((module) => !/^\.|^$/.test(module));
}

/** The package that a module is in, and the one that has its types where that is another; none for Node's own. */
function packagesOf(module: string, name: string): string[] {
  if (isBuiltin(module)) return [];
  const options = { module: ts.ModuleKind.NodeNext, customConditions: ['@sluice/source'] };
  const from = join(folder, name, 'src/index.ts');
  const { resolvedModule } = ts.resolveModuleName(
    module,
    from,
    options,
    ts.sys,
    undefined,
    undefined,
    ts.ModuleKind.ESNext,
  );
  const itself = module.split('/', module.startsWith('@') ? 2 : 1).join('/');
  return [...new Set([itself, resolvedModule?.packageId?.name ?? `types of ${module}`])];
}
