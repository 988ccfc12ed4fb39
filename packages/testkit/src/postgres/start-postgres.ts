import { chown, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ComponentError } from '@sluice/contracts';
import { freePort } from '../network/free-port.js';
import { postgresBinaries } from './binaries.js';
import { type DataDir, openDataDir } from './data-dir.js';
import { clearTheWay, isAlive, livePostmaster, OWNER_FILE } from './postmaster-pid.js';
import { runServer, type ServerProcess } from './server-process.js';
import { serverSettings } from './settings.js';
import { unprivilegedUser } from './unprivileged-user.js';
import { checkVersion, type PostgresVersion } from './versions.js';

/** How a server is started. */
export interface PostgresOptions {
  /** Its major version. Default: 18, which npm installed; another one is fetched once, into the cache folder. */
  readonly version?: PostgresVersion;
  /**
   * Where the data stays between starts. Default: a temporary directory, removed when the server stops; such a server does
   * not wait for the disk (`fsync=off`).
   */
  readonly dataDir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Settings of postgresql.conf, on top of ours. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** The superuser's password. Default: a random one, kept in the data directory. */
  readonly password?: string;
  /** The superuser's name. Default: `postgres`. */
  readonly user?: string;
  /** Use the server that runs on `dataDir` already, if there is one; `stop` then leaves it running. Default: false. */
  readonly reuse?: boolean;
  /** Milliseconds until the server must be ready, recovery from a crash included. Default: 60,000. */
  readonly startTimeoutMs?: number;
  /** Given each line of the server's log. */
  readonly log?: (line: string) => void;
  /** Given what a person should know, such as another place of the data than was asked for. */
  readonly notice?: (message: string) => void;
}

/** A running Postgres. Once this process is gone, however it ended, the server stops too. */
export interface PostgresServer extends AsyncDisposable {
  /** With user and password, for the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** Of the postmaster. */
  readonly pid: number;
  /**
   * Resolves as soon as the server process has ended, for whatever reason: stopped, killed, crashed. Both are null for a
   * server that `reuse` found, since only its parent is told.
   */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Resolves when the server has ended. `fast` (the default) ends sessions and shuts down; `immediate` leaves recovery to the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL to the postmaster; its backends follow. A temporary data directory stays until `stop`. */
  kill(): Promise<void>;
}

/**
 * Starts the Postgres that npm installed, on a loopback port, ready for logical replication. It is in a process group of
 * its own: Ctrl-C in a terminal does not reach it, so that a program can drain first and call `stop` then.
 *
 * On Linux and macOS. As root it runs under another user, since Postgres refuses root.
 *
 * @throws ComponentError `OPTIONS_INVALID`, `POSTGRES_BINARIES_MISSING`, `POSTGRES_NO_UNPRIVILEGED_USER`, `POSTGRES_DATA_DIR_IN_USE`,
 * `POSTGRES_DATA_DIR_FOREIGN`, `POSTGRES_START_FAILED`.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  checkVersion(options.version);
  const runAs = unprivilegedUser();
  const superuser = options.user ?? 'postgres';
  const notice = options.notice ?? (() => undefined);
  const binaries = await postgresBinaries(runAs, options.version);
  const { password } = options;
  const dataDir = await openDataDir(binaries, { path: options.dataDir, password, superuser, runAs, notice });
  const urlFor = (port: number) =>
    `postgres://${encodeURIComponent(superuser)}:${encodeURIComponent(dataDir.password)}@127.0.0.1:${port}/postgres`;

  if (options.reuse) {
    const live = await livePostmaster(dataDir.path);
    if (live?.ready) return borrowed(live.pid, live.port, dataDir, urlFor(live.port));
  }
  try {
    await clearTheWay(dataDir.path);
    const { server, port } = await startOnPort(options, (port) =>
      runServer({
        program: binaries.postgres,
        dataDir,
        runAs,
        settings: { ...serverSettings(dataDir.temporary), ...options.settings, port },
        timeoutMs: options.startTimeoutMs ?? 60_000,
        log: options.log ?? (() => undefined),
      }),
    );
    const owner = join(dataDir.path, OWNER_FILE);
    await writeFile(owner, `${process.pid} ${server.pid}`);
    if (runAs) await chown(owner, runAs.uid, runAs.gid);
    return owned(server, port, dataDir, urlFor(port));
  } catch (error) {
    if (dataDir.temporary) await rm(dataDir.path, { recursive: true, force: true });
    throw error;
  }
}

/** A free port may be taken by someone else before the server listens on it; then another one is tried. */
async function startOnPort(
  { port }: PostgresOptions,
  start: (port: number) => Promise<ServerProcess>,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port ?? (await freePort());
    try {
      return { server: await start(chosen), port: chosen };
    } catch (error) {
      const taken = error instanceof ComponentError && error.message.includes('could not create any TCP/IP sockets');
      if (!taken || port !== undefined || attempt === 5) throw error;
    }
  }
}

function owned(server: ServerProcess, port: number, dataDir: DataDir, url: string): PostgresServer {
  const stop = async (mode: 'fast' | 'immediate' = 'fast') => {
    await server.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    if (dataDir.temporary) await rm(dataDir.path, { recursive: true, force: true, maxRetries: 5 });
  };
  const kill = () => server.end('SIGKILL');
  const { pid, gone: exited } = server;
  return { url, port, dataDir: dataDir.path, pid, exited, stop, kill, [Symbol.asyncDispose]: () => stop() };
}

function borrowed(pid: number, port: number, dataDir: DataDir, url: string): PostgresServer {
  const leave = async () => undefined;
  let watched: PostgresServer['exited'] | undefined;
  return {
    ...{ url, port, dataDir: dataDir.path, pid, stop: leave, kill: leave, [Symbol.asyncDispose]: leave },
    get exited() {
      watched ??= endOf(pid);
      return watched;
    },
  };
}

/** Looks four times a second, without keeping this process running. */
function endOf(pid: number): PostgresServer['exited'] {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(pid)) return;
      clearInterval(timer);
      resolve({ code: null, signal: null });
    }, 250).unref();
  });
}
