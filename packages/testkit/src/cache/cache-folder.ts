import { existsSync, mkdtempSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where fetched programs are kept: SLUICE_CACHE_DIR, else `sluice` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['SLUICE_CACHE_DIR'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice');
}

/**
 * The folder `name` in the cache, filled by `make` when it is not there. It appears under its name only when it is complete;
 * of several processes that make it at once, the first wins.
 */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const making = mkdtempSync(`${folder}.new-`);
  try {
    await make(making);
    await rename(making, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // else another process was faster
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return folder;
}
