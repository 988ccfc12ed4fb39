import { lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDisk } from './disk-error.js';
import { makeFolders, syncFolder } from './folder.js';
import { LONG, OBJECTS } from './object-path.js';

/** Below the folder of a store: what is being uploaded. */
export const UPLOADS = 'uploads';

/** The folder of a store, which is made at the first call. */
export interface OpenStore {
  /** Its path, without links. */
  root(): Promise<string>;
  /** The same; and from time to time what was left over by a crash is removed before. */
  forWriting(): Promise<string>;
}

/** Opens the folder of a store when it is first asked for. */
export function openStore(folder: string, leftoverAgeMs: number): OpenStore {
  let opening: Promise<string> | undefined;
  let sweptAt = 0;

  async function open(): Promise<string> {
    const full = resolve(folder);
    const first = await mkdir(full, { recursive: true, mode: 0o700 });
    for (let at = full; first !== undefined && at.length >= first.length; at = dirname(at))
      await syncFolder(dirname(at));
    const root = await realpath(full);
    for (const name of [OBJECTS, LONG, UPLOADS]) await makeFolders(root, name);
    await sweep(root);
    return root;
  }

  async function sweep(root: string): Promise<void> {
    sweptAt = performance.now();
    await removeLeftovers(join(root, UPLOADS), leftoverAgeMs);
  }

  const root = () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    root,
    async forWriting() {
      const at = await root();
      if (performance.now() - sweptAt > leftoverAgeMs) await sweep(at);
      return at;
    },
  };
}

/** An upload writes to its file again and again: one that has not for long belongs to nobody any more. */
async function removeLeftovers(uploads: string, leftoverAgeMs: number): Promise<void> {
  for (const name of await readdir(uploads)) {
    const path = join(uploads, name);
    try {
      const { mtimeMs } = await lstat(path);
      if (Date.now() - mtimeMs > leftoverAgeMs) await rm(path, { recursive: true, force: true });
    } catch (error) {
      if (!isDisk(error, 'ENOENT')) throw error; // it has got its name meanwhile
    }
  }
}
