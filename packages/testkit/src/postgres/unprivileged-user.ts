import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ComponentError } from '@sluice/contracts';

/** A user that Postgres can run as. */
export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom to run Postgres as: `undefined` means ourselves. Postgres refuses root, so root runs it as `postgres` where there is
 * such a user, else as `nobody`.
 *
 * @throws ComponentError `POSTGRES_NO_UNPRIVILEGED_USER` when root finds neither.
 */
export function unprivilegedUser(): UnixUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    // A negative id (macOS writes nobody as -2) cannot be given to a spawned process.
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new ComponentError('POSTGRES_NO_UNPRIVILEGED_USER', 'neither postgres nor nobody is a user here');
}

/** Whether `user` can read `path`, through every folder above it. A path that does not exist yet is judged by its folders. */
export function canReach(user: UnixUser | undefined, path: string): boolean {
  if (user === undefined) return true;
  const absolute = resolve(path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats !== undefined && !allows(user, stats, stats.isDirectory() ? 5 : 4)) return false;
  for (let folder = dirname(absolute); ; folder = dirname(folder)) {
    const above = statSync(folder, { throwIfNoEntry: false });
    if (above !== undefined && !allows(user, above, 1)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function allows(user: UnixUser, stats: Stats, needed: number): boolean {
  const shift = stats.uid === user.uid ? 6 : stats.gid === user.gid ? 3 : 0;
  return ((stats.mode >> shift) & needed) === needed;
}
