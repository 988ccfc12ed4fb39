import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@sluice/testkit';
import { type PostgresServer, startPostgres, type TestDatabase, testDatabase } from '@sluice/testkit/postgres';
import type { Outcome } from '../memory/play.js';
import type { Random } from '../random/random.js';
import { mixedLoad } from './load.js';
import { auditOf, createSource, createTarget, fingerprint } from './tables.js';

const PROGRAM = join(import.meta.dirname, 'copy.mjs');

type Fault = 'kill' | 'freeze' | 'stop' | 'end sessions' | 'restart server' | 'crash server' | 'nothing';
const FAULTS: readonly Fault[] = [
  'kill',
  'kill',
  'freeze',
  'stop',
  'end sessions',
  'restart server',
  'crash server',
  'nothing',
];

/** Copies a table from one database to another under load, while processes, sessions and the server come to harm. */
export async function playOnPostgres(random: Random): Promise<Outcome> {
  const faults = Array.from({ length: random.int(2, 6) }, () => ({
    fault: random.pick(FAULTS),
    afterMs: random.int(50, 1_500),
  }));
  const batch = random.pick([2_000, 65_536, 1_000_000]);
  const dataDir = join(mkdtempSync(join(tmpdir(), 'sluice-soak-')), 'postgres');
  const world = new PostgresWorld(dataDir, batch);
  try {
    await world.begin();
    const load = mixedLoad(world.source, random.fork('load'));
    for (const { fault, afterMs } of faults) {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await world.befall(fault);
    }
    await load.stop();
    world.ensureRunning();
    let [from, to] = ['', ''];
    await waitFor(
      async () => {
        world.ensureRunning();
        [from, to] = await Promise.all([fingerprint(world.source), fingerprint(world.target)]);
        return from === to;
      },
      { what: 'the copy to equal the source', timeoutMs: 90_000 },
    ).catch(() => undefined);
    const wrong = from === to ? [] : [`the source has ${from}, the copy ${to}`, `it said: ${world.log}`];
    wrong.push(...(await auditOf(world.target)));
    return { scenario: { faults, batch }, wrong };
  } catch (error) {
    return { scenario: { faults, batch }, wrong: [`${(error as Error).message}`, `it said: ${world.log}`] };
  } finally {
    await world.end();
    await rm(join(dataDir, '..'), { recursive: true, force: true });
  }
}

/** One server, two databases on it, and the process that copies. */
class PostgresWorld {
  source!: TestDatabase;
  target!: TestDatabase;
  log = '';
  #server: PostgresServer | undefined;
  #child: ChildProcess | undefined;
  readonly #slot = `soak_${process.pid}`;

  constructor(
    private readonly dataDir: string,
    private readonly batch: number,
  ) {}

  async begin(): Promise<void> {
    this.#server = await startPostgres({ dataDir: this.dataDir, settings: { fsync: 'off' } });
    const { url } = this.#server;
    this.source = await testDatabase({ url, name: 'source' });
    this.target = await testDatabase({ url, name: 'target' });
    await createSource(this.source);
    await createTarget(this.target);
    this.ensureRunning();
    await waitFor(() => this.#streams(), { what: 'the first checkpoint of the stream', timeoutMs: 60_000 });
  }

  async #streams(): Promise<boolean> {
    const [made] = await this.target.query<{ made: string | null }>(`SELECT to_regclass('sluice.checkpoints') AS made`);
    if (made?.made == null) return false;
    const stored = await this.target.query(
      `SELECT 1 FROM sluice.checkpoints WHERE lane LIKE 'slot:%' AND resume IS NOT NULL`,
    );
    return stored.length > 0;
  }

  /** Starts the copy unless it runs. */
  ensureRunning(): void {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) return;
    const args = [PROGRAM, this.source.url, this.target.url, this.#slot, String(this.batch)];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
    this.#child.stderr?.on('data', (text) => {
      this.log = (this.log + text).slice(-3_000);
    });
  }

  async befall(fault: Fault): Promise<void> {
    this.ensureRunning();
    const child = this.#child as ChildProcess;
    if (fault === 'kill' || fault === 'stop') {
      const exit = once(child, 'exit');
      child.kill(fault === 'kill' ? 'SIGKILL' : 'SIGTERM');
      await exit;
      this.ensureRunning();
    }
    if (fault === 'freeze') {
      child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      child.kill('SIGCONT');
    }
    if (fault === 'end sessions') {
      await this.source.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND backend_type IN ('walsender', 'client backend')`);
    }
    if (fault === 'restart server' || fault === 'crash server') {
      const port = this.#server?.port as number;
      await this.#server?.stop(fault === 'crash server' ? 'immediate' : 'fast');
      this.#server = await startPostgres({ dataDir: this.dataDir, port, settings: { fsync: 'off' } });
    }
  }

  async end(): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    for (const database of [this.source, this.target]) await database?.pool.end().catch(() => undefined);
    await this.#server?.stop('immediate');
  }
}
