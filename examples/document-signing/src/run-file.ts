import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './command-line/arguments.js';
import { processStart } from './command-line/process-start.js';

/** The process that runs on a data folder. */
interface Runner {
  readonly pid: number;
  readonly started: string;
  /** `undefined` while the system has yet to choose its port. */
  readonly url?: string;
}

/** The claim of this process on a data folder. */
export interface RunFile {
  /** Keeps where the page is. */
  tellUrl(url: string): Promise<void>;
  remove(): Promise<void>;
}

/** Lies in the data folder, for whoever wants to start on it as well. */
const NAME = 'running.json';

/** Claims the folder for this process. Throws {@link UsageError} when another one runs on it, also one that was a moment quicker. */
export async function claimFolder(folder: string, url: string | undefined): Promise<RunFile> {
  const path = join(folder, NAME);
  const mine = join(folder, `${NAME}.${randomUUID()}`);
  const write = async (to: string, address: string | undefined) => {
    const runner: Runner = { pid: process.pid, started: (await processStart(process.pid)) ?? '', ...withUrl(address) };
    await writeFile(to, `${JSON.stringify(runner)}\n`);
  };
  await write(mine, url);
  try {
    // A link appears with all of its contents, or fails because there is one.
    while (!(await linked(mine, path))) {
      await assertNotRunning(folder);
      await removeStale(path);
    }
  } finally {
    await rm(mine, { force: true });
  }
  return { tellUrl: (address) => write(path, address), remove: () => rm(path, { force: true }) };
}

/** Throws {@link UsageError} when a process runs on the folder. */
export async function assertNotRunning(folder: string): Promise<void> {
  const runner = await liveRunner(join(folder, NAME));
  if (runner === undefined) return;
  const where = runner.url === undefined ? '' : ` at ${runner.url}/`;
  throw new UsageError(
    `It already runs${where} (process ${runner.pid}). Stop it, or give this one its own data with --data DIR and --port.`,
  );
}

async function liveRunner(path: string): Promise<Runner | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined); // nobody runs on it
  const runner = text === undefined ? undefined : parse(text);
  return runner !== undefined && (await processStart(runner.pid)) === runner.started ? runner : undefined;
}

/** Another start may have replaced it since we looked: what was taken away is looked at again, and put back when it counts. */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (await liveRunner(aside)) await linked(aside, path);
  await rm(aside, { force: true });
}

const withUrl = (url: string | undefined) => (url === undefined ? {} : { url });

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function parse(text: string): Runner | undefined {
  try {
    return JSON.parse(text) as Runner;
  } catch {
    // Cut off by a crash: whoever wrote it is gone.
    return undefined;
  }
}
