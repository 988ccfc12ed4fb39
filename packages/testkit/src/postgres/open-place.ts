import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { livePostmaster } from './postmaster-pid.js';
import { canReach, type UnixUser } from './unprivileged-user.js';

/** Where the data lies, and, when that is not where it was asked for, the path that was. */
export interface Place {
  readonly path: string;
  readonly insteadOf?: string;
}

/** Lies in a data directory that was asked for elsewhere, and names that path. */
export const INSTEAD_OF_FILE = 'sluice-instead-of';

/**
 * The path itself where the server's user can reach it. Else the same place at each start, outside of closed folders: in the
 * temporary folder for a path that is in there, in /var/lib/sluice for any other.
 */
export function openPlace(path: string, runAs: UnixUser | undefined): Place {
  const wanted = resolve(path);
  if (canReach(runAs, dirname(wanted))) return { path: wanted };
  const base = isTemporary(wanted) ? tmpdir() : '/var/lib/sluice';
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  return { path: join(base, `${PREFIX}${basename(wanted).slice(0, 40)}-${digest}`), insteadOf: wanted };
}

/**
 * Removes data that lies in the temporary folder in place of a folder, itself temporary, that is gone: whoever removed that
 * folder could not know of it.
 */
export async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const asked = await readFile(join(path, INSTEAD_OF_FILE), 'utf8').catch(() => undefined); // not whole, or not ours
    if (asked === undefined || !isTemporary(asked) || existsSync(dirname(asked))) continue;
    if ((await livePostmaster(path)) === undefined) await rm(path, { recursive: true, force: true });
  }
}

const PREFIX = 'sluice-data-';

function isTemporary(path: string): boolean {
  return path.startsWith(tmpdir() + sep);
}
