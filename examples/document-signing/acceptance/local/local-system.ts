import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { waitFor } from '@sluice/testkit';
import { get } from '../client/http.js';
import type { System } from '../system.js';
import { addressesFrom } from './addresses.js';
import { freePortBase } from './free-ports.js';

/** How to start one. */
export interface LocalOptions {
  /** The built program, which `npm start` runs. */
  readonly program: string;
  /** Besides what the suite sets itself. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How long the system may take to be ready, in milliseconds. */
const READY_MS = 180_000;
/** Characters of what it says, the last ones. */
const KEPT_OUTPUT = 50_000_000;

/** The application in a process of its own, with data and ports of its own; what it leaves goes away with it. */
export class LocalSystem implements AsyncDisposable {
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #output = '';

  private constructor(
    private readonly options: LocalOptions,
    private readonly folder: string,
    private readonly portBase: number,
    private readonly jwtSecret: string,
  ) {}

  static async start(options: LocalOptions): Promise<LocalSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'document-signing-acceptance-'));
    const system = new LocalSystem(options, folder, await freePortBase(), randomBytes(32).toString('hex'));
    try {
      await system.run();
      return system;
    } catch (error) {
      await system[Symbol.asyncDispose]();
      throw error;
    }
  }

  get addresses(): Omit<System, 'databaseUrl'> {
    return { ...addressesFrom(`http://127.0.0.1:${this.portBase}`), jwtSecret: this.jwtSecret };
  }

  /** What it said so far, of all of its runs. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** All that it keeps. */
  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  /** Where its Postgres keeps its data. */
  async postgresFolder(): Promise<string> {
    const marker = await readFile(join(this.dataFolder, 'document-signing.json'), 'utf8');
    return JSON.parse(marker).postgres;
  }

  /** Of the Postgres that it runs now. */
  async databaseUrl(): Promise<string> {
    const folder = await this.postgresFolder();
    const [password, pid] = await Promise.all([
      readFile(join(folder, 'sluice-password'), 'utf8'),
      readFile(join(folder, 'postmaster.pid'), 'utf8'),
    ]);
    return `postgres://postgres:${encodeURIComponent(password.trim())}@127.0.0.1:${pid.split('\n')[3]}/postgres`;
  }

  /** Starts it, again, and waits until every service is ready; or only for `killAfterMs`, and kills it then. */
  async run(killAfterMs?: number): Promise<void> {
    const env = { ...process.env, PORT_BASE: String(this.portBase), JWT_SECRET: this.jwtSecret, ...this.options.env };
    const child = spawn(process.execPath, [this.options.program, '--data', this.dataFolder], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = `${this.#output}${chunk}`.slice(-KEPT_OUTPUT);
      });
    }
    let exit: number | string | undefined;
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        exit = code ?? signal ?? 'an unknown reason';
        resolve(exit);
      });
    });
    if (killAfterMs !== undefined) {
      await pause(killAfterMs);
      await this.kill();
      return this.run();
    }
    const { gateway, document, signature, search, realtime } = this.addresses;
    const ready = async () => {
      if (exit !== undefined) return true;
      const asked = [gateway, document, signature, search, realtime].map((url) => get(`${url}/health/ready`));
      return (await Promise.all(asked)).every(({ status }) => status === 200);
    };
    await waitFor(ready, { what: 'the system to be ready', timeoutMs: READY_MS }).catch((error) => {
      throw new Error(`${error.message}\n${this.#output.slice(-5_000)}`);
    });
    if (exit !== undefined) throw new Error(`the system ended with ${exit}:\n${this.#output.slice(-5_000)}`);
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends it as Ctrl-C does; with its code. */
  async stop(): Promise<unknown> {
    this.#child?.kill('SIGTERM');
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    const postgres = await this.postgresFolder().catch(() => undefined); // it has not come that far
    if (postgres !== undefined) {
      // The database of a killed process is ended by its watchdog.
      const gone = () =>
        readFile(join(postgres, 'postmaster.pid')).then(
          () => false,
          () => true,
        );
      await waitFor(gone, { what: 'the end of the database', timeoutMs: 60_000 });
      await rm(postgres, { recursive: true, force: true });
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
