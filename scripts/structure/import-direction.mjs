import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { findings } from './findings.mjs';
import { packageOf } from './package-borders.mjs';

const anything = undefined;
// What the source of a package may import among @sluice; every other package is an adapter.
const directions = new Map([
  ['@sluice/contracts', []],
  ['@sluice/cli', anything],
  ['@sluice/console', anything],
  ['create-sluice', anything],
]);
const adapter = ['@sluice/contracts'];

/** contracts ← runtime, contracts ← every adapter, contracts ← testkit; never one adapter from another. */
export function importDirection({ packages }) {
  const found = findings('import-direction');
  for (const one of packages.filter((one) => one.library)) {
    const { name } = one.manifest;
    const allowed = directions.has(name) ? directions.get(name) : adapter;
    if (allowed === anything) continue;
    for (const { file, from, line } of sourceImports(one)) {
      const imported = packageOf(from);
      if (!imported?.startsWith('@sluice/') || imported === name || allowed.includes(imported)) continue;
      const advice =
        allowed.length === 0
          ? 'The contracts stand alone.'
          : 'Take the power you need as a capability declared in @sluice/contracts, and let the application pass it in.';
      found.add(`${file.path}:${line}`, `${name} must not import ${imported}`, advice);
    }
  }
  return found.all;
}

// The parts that also run where there is no Node, and the packages they may import.
const nodeFreeParts = [
  { path: 'packages/contracts/src/', packages: [] },
  { path: 'packages/realtime/src/browser/', packages: ['@sluice/contracts'] },
];

/** `contracts` and the browser half of `realtime`, with every file they reach, import nothing of Node. */
export function nodeFree({ packages }) {
  const found = findings('node-free');
  const files = new Map(packages.flatMap((one) => one.files).map((file) => [file.path, file]));
  for (const part of nodeFreeParts) {
    const reached = new Set([...files.values()].filter((file) => file.path.startsWith(part.path)));
    for (const file of reached) {
      for (const { from, line } of file.imports) {
        if (from.startsWith('.')) {
          const next = files.get(sourcePath(file.path, from));
          if (next !== undefined) reached.add(next);
        } else if (!part.packages.includes(packageOf(from) ?? from)) {
          found.add(
            `${file.path}:${line}`,
            `${part.path} runs without Node, yet reaches ${from}`,
            'Keep this import to files that only Node loads.',
          );
        }
      }
    }
  }
  return found.all;
}

const builtins = new Set(builtinModules.filter((name) => !name.startsWith('node:')));

export function nodePrefix({ packages }) {
  const found = findings('node-prefix');
  for (const file of packages.flatMap((one) => one.files)) {
    for (const { from, line } of file.imports) {
      if (builtins.has(from)) found.add(`${file.path}:${line}`, `${from} is a module of Node`, `Import node:${from}.`);
    }
  }
  return found.all;
}

function sourceImports(one) {
  return one.files
    .filter((file) => file.part === 'src')
    .flatMap((file) => file.imports.map(({ from, line }) => ({ file, from, line })));
}

function sourcePath(path, from) {
  return posix.join(posix.dirname(path), from).replace(/\.js(x?)$/, '.ts$1');
}
