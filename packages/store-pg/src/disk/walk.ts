import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDisk } from './disk-error.js';
import { folderPath, LONG, partOf } from './object-path.js';

/** An object that a walk has come by; the key of one with a long path is in its file. */
export interface Found {
  readonly path: string;
  readonly key: string;
}

/** Objects below the folders, in the order of their keys' bytes, from those that begin with `prefix`, after `after`. */
export async function* walk(root: string, prefix: string, after: string | undefined): AsyncGenerator<Found> {
  const parts = prefix.split('/').slice(0, -1);
  const folder = folderPath(parts);
  if (folder === undefined) return;
  yield* within(root, folder, parts.map((part) => `${part}/`).join(''), { prefix, after });
}

/** The files of objects whose keys are too long for a path; in no order. */
export async function longPaths(root: string): Promise<string[]> {
  const folders = await entries(join(root, LONG));
  const inside = folders.map(async ({ name, directory }) => {
    if (!directory) return [];
    const files = await entries(join(root, LONG, name));
    return files.filter((file) => file.file && partOf(file.name)).map((file) => join(LONG, name, file.name));
  });
  return (await Promise.all(inside)).flat();
}

/** Which keys are wanted. */
interface Wanted {
  readonly prefix: string;
  readonly after: string | undefined;
}

async function* within(root: string, folder: string, above: string, wanted: Wanted): AsyncGenerator<Found> {
  const here = await entries(join(root, folder));
  const items = here.flatMap(({ name, directory, file }) => {
    const told = partOf(name);
    if (told === undefined || !(told.folder ? directory : file)) return [];
    const key = `${above}${told.part}${told.folder ? '/' : ''}`;
    return isWanted(key, told.folder, wanted) ? [{ key, bytes: Buffer.from(key), name, folder: told.folder }] : [];
  });
  items.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  for (const item of items) {
    const path = join(folder, item.name);
    if (item.folder) yield* within(root, path, item.key, wanted);
    else yield { key: item.key, path };
  }
}

/** Whether it is an object that is wanted, or a folder that may have one. */
function isWanted(key: string, folder: boolean, { prefix, after }: Wanted): boolean {
  if (!key.startsWith(prefix) && !(folder && prefix.startsWith(key))) return false;
  return after === undefined || isAfter(key, after) || (folder && after.startsWith(key));
}

/** Whether `key` comes after `after`, by bytes of UTF-8. */
export function isAfter(key: string, after: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
}

interface Entry {
  readonly name: string;
  readonly directory: boolean;
  readonly file: boolean;
}

/** Links are neither folder nor file. */
async function entries(folder: string): Promise<readonly Entry[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    return found.map((entry) => ({ name: entry.name, directory: entry.isDirectory(), file: entry.isFile() }));
  } catch (error) {
    if (isDisk(error, 'ENOENT')) return [];
    throw error;
  }
}
