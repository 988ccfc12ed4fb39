import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './command-line/arguments.js';
import { assertNotRunning } from './run-file.js';

/** The folder that holds everything that is kept: the database and the documents' contents. */
export interface DataFolder {
  readonly path: string;
  readonly postgres: string;
  readonly objects: string;
  /** Whether it was made just now. */
  readonly isNew: boolean;
}

/** Says that a folder is ours, and where its database lies: as root that can be elsewhere. */
const MARKER = 'document-signing.json';

/** Has the secret that tokens are signed with; nobody but the owner reads it. */
const SECRET = 'token-secret';

/** Opens the folder, or makes it. Throws {@link UsageError} when it holds something that is not ours. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  if (!existsSync(path)) await mkdir(path, { recursive: true });
  else await assertOurs(path);
  const isNew = !existsSync(join(path, MARKER));
  const folder = { path, postgres: join(path, 'postgres'), objects: join(path, 'objects'), isNew };
  if (isNew) await rememberPostgres(folder, folder.postgres);
  return folder;
}

/** Keeps where the database lies. */
export async function rememberPostgres(folder: DataFolder, postgres: string): Promise<void> {
  await writeFile(join(folder.path, MARKER), `${JSON.stringify({ postgres })}\n`);
}

/** The secret of this installation: made at the first start, the same at every later one. */
export async function secretOf({ path }: DataFolder): Promise<string> {
  const file = join(path, SECRET);
  const kept = await readFile(file, 'utf8').catch(() => ''); // there is none yet
  if (kept !== '') return kept;
  const made = randomBytes(32).toString('base64url');
  // Under its name only once it is whole.
  await writeFile(`${file}.writing`, made, { mode: 0o600, flush: true });
  await rename(`${file}.writing`, file);
  return made;
}

/** Removes the folder and its database. Throws {@link UsageError} when it is not ours, or in use. */
export async function removeDataFolder(path: string): Promise<void> {
  if (!existsSync(path)) return;
  await assertOurs(path);
  await assertNotRunning(path);
  const { postgres } = JSON.parse(await readFile(join(path, MARKER), 'utf8').catch(() => '{}')) as {
    postgres?: string;
  };
  if (postgres !== undefined) {
    if (await running(postgres))
      throw new UsageError(`The database in ${path} is running: stop it first, or try again in a moment.`);
    await rm(postgres, { recursive: true, force: true });
  }
  await rm(path, { recursive: true, force: true });
}

async function assertOurs(path: string): Promise<void> {
  const names = await readdir(path);
  if (names.length === 0 || names.includes(MARKER)) return;
  throw new UsageError(`${path} holds something else: name another folder with --data.`);
}

async function running(postgres: string): Promise<boolean> {
  const lines = await readFile(join(postgres, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(lines, 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
