import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A system under load. */
export interface SystemUnderLoad extends AsyncDisposable {
  readonly url: string;
  /** Of our own system: its process. */
  readonly pid: number | undefined;
}

/** Beside this program when it is built. */
const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));

/** Starts the system as `npm start` does, on free ports and an empty folder that goes away with it. */
export async function startSystem(): Promise<SystemUnderLoad> {
  if (!existsSync(PROGRAM)) throw new Error('the system is not built: run npm start once, or npm run build');
  const data = await mkdtemp(join(tmpdir(), 'document-signing-load-'));
  // All users of a load come from one address.
  const env = { ...process.env, RATE_LIMIT: '10000000' };
  const child = spawn(process.execPath, [PROGRAM, '--port', '0', '--data', data], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = async () => {
    const ended = child.exitCode !== null ? undefined : once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  try {
    return { url: await addressOf(child), pid: child.pid, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-10_000);
      const url = /^The page: +(http\S+?)\/?$/m.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the system has ended with ${code}:\n${said}`)));
  });
}
