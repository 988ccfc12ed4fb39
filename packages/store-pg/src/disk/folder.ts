import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath, rmdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { ComponentError } from '@sluice/contracts';
import { isDisk } from './disk-error.js';

/** Not on Windows, where a link can't be made without a right of its own. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** An open file, which the caller closes, and its size in bytes. */
export interface OpenFile {
  readonly file: FileHandle;
  readonly fileSize: number;
}

/**
 * Opens a file below `root` for reading; undefined when there is none. No link on the way is followed, and nothing but a plain file
 * is opened.
 *
 * @throws ComponentError `OBJECT_DISK_UNSAFE`.
 */
export async function openBelow(root: string, path: string): Promise<OpenFile | undefined> {
  const full = join(root, path);
  let file: FileHandle;
  try {
    const parent = dirname(full);
    if ((await realpath(parent)) !== parent) throw unsafe();
    file = await open(full, constants.O_RDONLY | NO_FOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isDisk(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const stats = await file.stat();
    if (stats.isFile()) return { file, fileSize: stats.size };
    throw unsafe();
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Makes the folders of `path`, which is below `root`. @throws ComponentError `OBJECT_DISK_UNSAFE` */
export async function makeFolders(root: string, path: string): Promise<void> {
  let at = root;
  for (const name of path.split(sep)) {
    at = join(at, name);
    try {
      await mkdir(at, { mode: 0o700 });
    } catch (error) {
      if (!isDisk(error, 'EEXIST')) throw error;
      if (!(await lstat(at)).isDirectory()) throw unsafe();
    }
  }
}

/** Makes what was entered into, or removed from, `path` and the folders between it and `root` outlast a crash of the machine. */
export async function syncFolders(root: string, path: string): Promise<void> {
  const folders = [root];
  for (const name of path.split(sep)) folders.push(join(folders.at(-1) ?? root, name));
  await Promise.all(folders.map(syncFolder));
}

/** Removes `path` and what is above it, up to `root`, as far as that is empty. */
export async function removeEmpty(root: string, path: string): Promise<void> {
  for (let at = path; at.includes(sep); at = dirname(at)) {
    try {
      await rmdir(join(root, at));
    } catch {
      return; // there is something in it, or somebody else has removed it
    }
  }
}

/** Makes the names in a folder outlast a crash of the machine. Windows has no way to ask for it; NTFS keeps a journal of names. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, constants.O_RDONLY | NO_FOLLOW);
    await handle.sync();
  } catch (error) {
    // Gone: then somebody has deleted, after us, what was in it.
    if (!isDisk(error, 'ENOENT')) throw error;
  } finally {
    await handle?.close();
  }
}

const unsafe = () => new ComponentError('OBJECT_DISK_UNSAFE', 'a folder or an object is not what the store has made');
