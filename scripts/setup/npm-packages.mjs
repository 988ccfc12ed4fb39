import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietRun } from './quiet-run.mjs';
import { root } from './root.mjs';

/** Installs the npm packages of the lockfile, when what is in node_modules is not what the lockfile says. */
export async function ensurePackages() {
  const stale = whatIsStale(root);
  if (stale === undefined) return;
  const fresh = stale === 'nothing is installed';
  const waitingFor = fresh ? 'Installing packages (the first time, about 20 s)' : `Installing packages (${stale})`;
  // `npm ci` for an empty folder; `npm install` keeps what is right and touches the rest alone.
  const { command, args } = npm(fresh ? 'ci' : 'install', '--include=dev', '--no-audit', '--no-fund');
  await quietRun(waitingFor, command, args, { env: { NODE_ENV: '' } });
}

/** Why node_modules is not what package-lock.json and the package.json files ask for; undefined when it is. */
export function whatIsStale(folder) {
  const wanted = readJson(join(folder, 'package-lock.json'))?.packages ?? {};
  // npm writes this file last: without it, an installation was never made or did not come to its end.
  const installed = readJson(join(folder, 'node_modules/.package-lock.json'))?.packages;
  if (installed === undefined) return 'nothing is installed';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path.includes('node_modules/')) {
      const found = existsSync(join(folder, path));
      if (entry.link === true) {
        if (!found) return `${path} is missing`;
      } else if (installed[path] === undefined || !found) {
        if (entry.optional !== true && entry.devOptional !== true && entry.peer !== true) return `${path} is missing`;
      } else if (installed[path].version !== entry.version) return `${path} is another version`;
    } else if (!sameDependencies(readJson(join(folder, path, 'package.json')), entry)) {
      return `the dependencies in ${join(path, 'package.json')} have changed`;
    }
  }
  return undefined;
}

const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];

function sameDependencies(manifest, locked) {
  if (manifest === undefined) return false;
  return kinds.every((kind) => sorted(manifest[kind]) === sorted(locked[kind]));
}

function sorted(record = {}) {
  return JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

// The npm that started us, if one did: the same version, and found without a PATH.
function npm(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? { command: process.execPath, args: [cli, ...args] } : { command: 'npm', args };
}
