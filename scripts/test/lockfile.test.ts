import { readFileSync } from 'node:fs';
// @ts-expect-error plain JavaScript without declarations
import { satisfies } from 'semver';
import { expect, test } from 'vitest';

interface Locked {
  readonly engines?: { readonly node?: string };
  readonly resolved?: string;
  readonly optional?: boolean;
  readonly optionalDependencies?: Record<string, string>;
}

const lockfile = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
const packages = Object.entries<Locked>(lockfile.packages);

test('every package in the lockfile runs on the oldest Node that we support', () => {
  // What is optional, npm leaves out where it does not fit.
  const wanted = packages.filter(([, { optional }]) => !optional);
  const refused = wanted.filter(([, { engines }]) => engines?.node && !satisfies('20.19.0', engines.node));
  expect(refused.map(([path, { engines }]) => `${path} wants Node ${engines?.node}`)).toEqual([]);
});

test('the lockfile names no registry: an installation asks the one it is configured for', () => {
  expect(packages.filter(([, { resolved }]) => resolved?.startsWith('http')).map(([path]) => path)).toEqual([]);
});

test('the lockfile is whole: what packages want for other platforms is in it, as `npm ci` demands', () => {
  const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(path, name)),
  );
  expect(missing).toEqual([]);
});

function isLocked(path: string, name: string): boolean {
  const folders = path.split('/node_modules/').map((_, index, all) => all.slice(0, index + 1).join('/node_modules/'));
  return ['', ...folders].some((folder) => `${folder}${folder && '/'}node_modules/${name}` in lockfile.packages);
}
