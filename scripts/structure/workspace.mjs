import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseModule } from './parse-module.mjs';

/**
 * What the rules look at: the packages of a workspace (`packages/*`, `examples/*`, `bench`, `soak`), each with its manifest and
 * its parsed source files. Paths are relative to the workspace, with slashes.
 */
export function readWorkspace(folder) {
  const folders = [...children(folder, 'packages'), ...children(folder, 'examples'), 'bench', 'soak'];
  return {
    folder,
    manifest: readManifest(folder),
    packages: folders
      .filter((path) => existsSync(join(folder, path, 'package.json')))
      .map((path) => readPackage(folder, path)),
  };
}

function readPackage(workspace, path) {
  const folder = join(workspace, path);
  const inside = walk(folder).map((file) => relative(workspace, file).replaceAll('\\', '/'));
  return {
    path,
    library: path.startsWith('packages/'),
    manifest: readManifest(folder),
    entries: inside,
    files: inside
      .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && !file.endsWith('.d.ts'))
      .map((file) => {
        const part = file.slice(path.length + 1).split('/')[0];
        return { path: file, part, ...parseModule(file, readFileSync(join(workspace, file), 'utf8')) };
      }),
  };
}

function readManifest(folder) {
  const path = join(folder, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

function children(folder, name) {
  const parent = join(folder, name);
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${name}/${entry.name}`);
}

const notOurs = new Set(['node_modules', 'dist', 'coverage', 'temp', 'results', 'api']);

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || notOurs.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}
