import { spawn } from 'node:child_process';
import { ComponentError } from '@sluice/contracts';
import type { UnixUser } from './unprivileged-user.js';

/** What the programs of Postgres find in their environment: no PG* variables of ours, and messages in English. */
export const POSTGRES_ENV: NodeJS.ProcessEnv = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };

/**
 * Runs a program of Postgres to its end.
 *
 * @throws ComponentError `POSTGRES_START_FAILED` with the end of what it said.
 */
export function runToEnd(
  program: string,
  args: readonly string[],
  { cwd, runAs }: { readonly cwd: string; readonly runAs: UnixUser | undefined },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const child = spawn(program, args, { cwd, env: POSTGRES_ENV, ...runAs, stdio: ['ignore', 'pipe', 'pipe'] });
    const listen = (text: string) => {
      said = (said + text).slice(-2000);
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    child.once('error', (cause) => reject(new ComponentError('POSTGRES_START_FAILED', cause.message, { cause })));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new ComponentError('POSTGRES_START_FAILED', `initdb ended with ${code}: ${said.trim()}`));
    });
  });
}
