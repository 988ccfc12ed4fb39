import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { ComponentError } from '@sluice/contracts';
import { waitFor } from '../wait/wait-for.js';
import type { DataDir } from './data-dir.js';
import { readPostmaster } from './postmaster-pid.js';
import { POSTGRES_ENV } from './run-to-end.js';
import type { UnixUser } from './unprivileged-user.js';
import { watchOver } from './watchdog.js';

export interface ServerRequest {
  readonly program: string;
  readonly dataDir: DataDir;
  readonly runAs: UnixUser | undefined;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly timeoutMs: number;
  readonly log: (line: string) => void;
}

/** How a process ended; both are null where nobody can know. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server that accepts connections. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves as soon as it has ended, for whatever reason. */
  readonly gone: Promise<Exit>;
  /** Resolves once it has ended; also when it had ended before. */
  end(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
}

/**
 * Starts a server on the data directory and waits until it is ready. Backends of a server that was killed a moment ago may
 * still be on their way out; then it starts again until they are gone.
 *
 * @throws ComponentError `POSTGRES_START_FAILED` with what the server said last, `POSTGRES_DATA_DIR_IN_USE` when another
 * server was quicker.
 */
export async function runServer(request: ServerRequest): Promise<ServerProcess> {
  const deadline = performance.now() + request.timeoutMs;
  for (;;) {
    const server = launch(request);
    try {
      await waitFor(() => server.exited() || isReady(request.dataDir, server.pid), {
        what: 'Postgres to be ready',
        timeoutMs: Math.max(1, deadline - performance.now()),
      });
    } catch (cause) {
      await server.end('SIGQUIT');
      throw new ComponentError('POSTGRES_START_FAILED', `not ready in time: ${server.said()}`, { cause });
    }
    if (!server.exited()) return server;
    if (server.said().includes('lock file "postmaster.pid" already exists')) {
      throw new ComponentError(
        'POSTGRES_DATA_DIR_IN_USE',
        `another process just started Postgres on ${request.dataDir.path}`,
      );
    }
    if (!server.said().includes('pre-existing shared memory block') || performance.now() > deadline) {
      throw new ComponentError('POSTGRES_START_FAILED', `it ended at once: ${server.said()}`);
    }
  }
}

async function isReady(dataDir: DataDir, pid: number): Promise<boolean> {
  const found = await readPostmaster(dataDir.path);
  return found?.pid === pid && found.ready;
}

function launch({ program, dataDir, runAs, settings, log }: ServerRequest) {
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(program, ['-D', dataDir.path, ...args], {
    cwd: dataDir.path,
    env: POSTGRES_ENV,
    ...runAs,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = child.pid ?? 0;
  const watchdog = pid > 0 ? watchOver(pid, dataDir, runAs) : undefined;
  let exited = false;
  const gone = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  // Its backends hold its output open a little longer.
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      exited = true;
      watchdog?.kill('SIGKILL');
      resolve();
    };
    child.once('close', end).once('error', end);
  });
  const said = keepLines(child, log);
  // The server must not keep this process running: when it ends, the watchdog stops the server.
  const output = child.stderr as Socket | null;
  child.unref();
  output?.unref();
  const end = async (signal: NodeJS.Signals) => {
    // Holds this process until the server has ended, and its last backend too: they outlive a postmaster that was killed.
    child.ref();
    output?.ref();
    if (!exited) child.kill(signal);
    await closed;
  };
  return { pid, gone, exited: () => exited, said, end };
}

/** Hands on each line, and remembers the last ones for an error. */
function keepLines(child: ChildProcess, log: (line: string) => void): () => string {
  const last: string[] = [];
  let rest = '';
  child.once('error', (error) => last.push(error.message));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      log(line);
      last.push(line);
    }
    last.splice(0, last.length - 10);
  });
  return () => last.join('\n');
}
