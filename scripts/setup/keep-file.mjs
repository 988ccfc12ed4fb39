import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { root } from './root.mjs';

/** Writes a generated file; with `check`, fails the process instead when the file is not what it should be. */
export function keepFile(path, text, { check, advice }) {
  const name = relative(root, path);
  if (readOrEmpty(path) === text) return;
  if (check) {
    console.error(`${name} is not current. ${advice}`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${name}`);
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
