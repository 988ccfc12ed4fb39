import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
  const write = async (address: string | undefined) => {
    const runner: Runner = { pid: process.pid, started: (await processStart(process.pid)) ?? '', ...withUrl(address) };
    // Under its name only once it is whole.
    const mine = `${path}.${randomUUID()}`;
    await writeFile(mine, `${JSON.stringify(runner)}\n`);
    await rename(mine, path);
  };
  await alone(`${path}.lock`, async () => {
    await assertNotRunning(folder);
    await write(url);
  });
  return { tellUrl: write, remove: () => rm(path, { force: true }) };
}

/** One process at a time looks and claims: of two that found the claim of a dead process, both would take its place. */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + ABANDONED_MS;
  while (!(await made(lock))) {
    // Whoever made it needs milliseconds: by now it was killed in between.
    if (performance.now() > deadline) await rm(lock, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** How long a start waits for another one that is just claiming the folder, in milliseconds. */
const ABANDONED_MS = 5_000;

async function made(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
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

const withUrl = (url: string | undefined) => (url === undefined ? {} : { url });

function parse(text: string): Runner | undefined {
  try {
    return JSON.parse(text) as Runner;
  } catch {
    // Cut off by a crash: whoever wrote it is gone.
    return undefined;
  }
}
