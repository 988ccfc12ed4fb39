import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { findings } from './findings.mjs';

/** The package that a specifier names: `@scope/name` or `name`; undefined for relative paths and modules of Node. */
export function packageOf(from) {
  if (from.startsWith('.') || from.startsWith('/') || from.startsWith('node:') || isBuiltin(from)) return undefined;
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What the source imports is a dependency or a peer of its own package; tests may also use what is for development. */
export function declaredImports({ manifest: root, packages }) {
  const found = findings('declared-imports');
  for (const one of packages) {
    const { name, dependencies, peerDependencies, optionalDependencies, devDependencies } = one.manifest;
    const shipped = new Set([name, ...keys(dependencies), ...keys(peerDependencies), ...keys(optionalDependencies)]);
    const inTests = new Set([...shipped, ...keys(devDependencies), ...keys(root.devDependencies)]);
    for (const file of one.files) {
      // Applications and measurements are not published: for them, declared is declared.
      const allowed = file.part === 'src' && one.library ? shipped : inTests;
      for (const { from, line } of file.imports) {
        const imported = packageOf(from);
        if (imported === undefined || allowed.has(imported)) continue;
        const kind = allowed === shipped ? 'dependencies or peerDependencies' : 'devDependencies';
        found.add(
          `${file.path}:${line}`,
          `${imported} is not declared`,
          `Add it to the ${kind} in ${one.path}/package.json.`,
        );
      }
    }
  }
  return found.all;
}

/** A relative import stays in its package, and the source never leans on the tests. */
export function staysInPackage({ packages }) {
  const found = findings('stays-in-package');
  for (const one of packages) {
    for (const file of one.files) {
      const fromRoot = !file.path.slice(one.path.length + 1).includes('/');
      for (const { from, line } of file.imports) {
        if (!from.startsWith('.') || fromRoot) continue;
        const target = posix.join(posix.dirname(file.path), from);
        if (!target.startsWith(`${one.path}/`)) {
          found.add(`${file.path}:${line}`, `${from} leaves ${one.path}`, 'Import the other package by its name.');
        } else if (file.part === 'src' && !target.startsWith(`${one.path}/src/`)) {
          found.add(
            `${file.path}:${line}`,
            `${from} is not part of what is published`,
            'Move what both need into src.',
          );
        }
      }
    }
  }
  return found.all;
}

function keys(record = {}) {
  return Object.keys(record);
}
