import { readFileSync } from 'node:fs';
// @ts-expect-error plain JavaScript without declarations
import { satisfies } from 'semver';
import { expect, test } from 'vitest';

interface Locked {
  readonly engines?: { readonly node?: string };
  readonly resolved?: string;
  readonly optional?: boolean;
}

const lockfile = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
const packages = Object.entries<Locked>(lockfile.packages);

test('every package in the lockfile runs on the oldest Node that we support', () => {
  const refused = packages.filter(([, { engines }]) => engines?.node && !satisfies('20.19.0', engines.node));
  expect(refused.map(([path, { engines }]) => `${path} wants Node ${engines?.node}`)).toEqual([]);
});

test('the lockfile names no registry: an installation asks the one it is configured for', () => {
  expect(packages.filter(([, { resolved }]) => resolved?.startsWith('http')).map(([path]) => path)).toEqual([]);
});
