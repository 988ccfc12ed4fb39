import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ComponentError } from '@sluice/contracts';
import type { PostgresBinaries } from './binaries.js';
import { INSTEAD_OF_FILE, openPlace, type Place, removeAbandoned } from './open-place.js';
import { runToEnd } from './run-to-end.js';
import type { UnixUser } from './unprivileged-user.js';

/** A database cluster on disk, and the password of its superuser. */
export interface DataDir {
  readonly path: string;
  readonly password: string;
  readonly temporary: boolean;
}

export interface DataDirRequest {
  /** Made anew in the temporary folder when not given. */
  readonly path: string | undefined;
  readonly password: string | undefined;
  readonly superuser: string;
  readonly runAs: UnixUser | undefined;
  readonly notice: (message: string) => void;
}

/** Lies in the data directory, readable by the server's user alone. */
const PASSWORD_FILE = 'sluice-password';

/**
 * Opens the data directory, or makes it by initdb. A directory appears under its name only when it is complete, so a
 * process killed in between leaves nothing that looks like a database.
 *
 * @throws ComponentError `POSTGRES_DATA_DIR_FOREIGN` when the directory holds something else, or no password is known.
 */
export async function openDataDir(binaries: PostgresBinaries, request: DataDirRequest): Promise<DataDir> {
  const temporary = request.path === undefined;
  const place = openPlace(request.path ?? mkdtempSync(join(tmpdir(), 'sluice-pg-')), request.runAs);
  const { path, insteadOf } = place;
  if (insteadOf !== undefined) {
    request.notice(`the data lies in ${path}: Postgres does not run as root, and its user cannot reach ${insteadOf}`);
    await removeAbandoned();
  }
  mustBeOurs(path, request.runAs);
  const contents = existsSync(path) ? readdirSync(path) : [];
  if (contents.includes('PG_VERSION'))
    return { path, temporary, password: await knownPassword(path, request.password) };
  if (contents.length > 0) {
    throw new ComponentError('POSTGRES_DATA_DIR_FOREIGN', 'the data directory is not empty and holds no database');
  }
  const password = request.password ?? randomBytes(18).toString('base64url');
  try {
    await initialize(binaries, place, password, request);
  } catch (error) {
    // Another start was quicker: its database is the one.
    if (!existsSync(join(path, 'PG_VERSION'))) throw error;
    return { path, temporary, password: await knownPassword(path, request.password) };
  }
  return { path, temporary, password };
}

/** In a folder that all may write to, another user could have put a database under the name that we would take. */
function mustBeOurs(path: string, runAs: UnixUser | undefined): void {
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
  const accepted = [undefined, process.getuid?.(), runAs?.uid];
  if (accepted.includes(owner)) return;
  throw new ComponentError('POSTGRES_DATA_DIR_FOREIGN', 'the data directory belongs to another user', {
    details: { owner: owner ?? null },
  });
}

async function knownPassword(path: string, given: string | undefined): Promise<string> {
  const stored = await readFile(join(path, PASSWORD_FILE), 'utf8').catch(() => undefined); // not made by us: absent
  const password = given ?? stored;
  if (password === undefined) {
    throw new ComponentError('POSTGRES_DATA_DIR_FOREIGN', 'the data directory was not made here: give its password');
  }
  if (given !== undefined && stored !== undefined && given !== stored) {
    throw new ComponentError('OPTIONS_INVALID', 'password: the data directory was made with another one');
  }
  return password;
}

async function initialize(
  binaries: PostgresBinaries,
  { path, insteadOf }: Place,
  password: string,
  { superuser, runAs, path: given }: DataDirRequest,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const making = mkdtempSync(`${path}.new-`);
  const passwordFile = join(making, 'password');
  const data = join(making, 'data');
  try {
    await mkdir(data);
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runAs) for (const owned of [making, data, passwordFile]) await chown(owned, runAs.uid, runAs.gid);
    const options = ['--username', superuser, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
    // Postgres before 17 has no locale of its own beside C.
    const builtin = Number.parseInt(binaries.version, 10) >= 17;
    const locale = ['--locale=C', ...(builtin ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : [])];
    const sync = given === undefined ? ['--no-sync'] : [];
    await runToEnd(binaries.initdb, ['-D', data, ...options, ...locale, ...sync], { cwd: making, runAs });
    await rename(passwordFile, join(data, PASSWORD_FILE));
    if (insteadOf !== undefined) await writeFile(join(data, INSTEAD_OF_FILE), insteadOf);
    if (existsSync(path)) await rmdir(path);
    await rename(data, path);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
