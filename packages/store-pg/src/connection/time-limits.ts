import { ComponentError } from '@sluice/contracts';
import { Client, type ClientConfig, type PoolClient, type PoolConfig } from 'pg';

/** How long a statement may take, unless it is told otherwise, in milliseconds. */
export const STATEMENT_TIMEOUT_MS = 60_000;
/** How much later than the server a client gives up, in milliseconds: where the server still answers, it answers first. */
export const GRACE_MS = 5_000;
/** The longest statement, a week, in milliseconds. */
const LONGEST_MS = 604_800_000;
/** How long it may take until a server that can be reached has let us in, in milliseconds; no longer than a statement. */
const CONNECT_TIMEOUT_MS = 30_000;

/**
 * The options of a pool whose queries end, whatever becomes of the line: a server that has gone without a word (a half-open
 * connection) would otherwise never answer, and whoever waits would wait for ever. The connection is closed then.
 */
export function timeLimits(statementTimeoutMs: number): PoolConfig {
  const query_timeout = statementTimeoutMs + GRACE_MS;
  const connectionTimeoutMillis = Math.min(CONNECT_TIMEOUT_MS, query_timeout);
  /** Not by the pool's own option, which also ends the wait for one of its connections to become free. */
  class PromptClient extends Client {
    constructor(config: ClientConfig = {}) {
      // The pool hides the password from whoever copies its options.
      const { password } = config;
      super({ connectionTimeoutMillis, ...config, ...(password === undefined ? {} : { password }) });
    }
  }
  return { query_timeout, keepAlive: true, keepAliveInitialDelayMillis: 10_000, Client: PromptClient };
}

/** @throws ComponentError `OPTIONS_INVALID` unless a timer takes it. */
export function checkTimeout(ms: number): number {
  if (Number.isSafeInteger(ms) && ms > 0 && ms <= LONGEST_MS) return ms;
  throw new ComponentError('OPTIONS_INVALID', `statementTimeoutMs: give whole milliseconds, 1 to ${LONGEST_MS}`);
}

/** Ends a connection at once: what runs on it fails, and is rolled back by the server. */
export function cutOff(client: PoolClient): void {
  // A client of libpq has no such stream, and is left to its own time-outs.
  const { connection } = client as unknown as { readonly connection?: { readonly stream: { destroy(): void } } };
  connection?.stream.destroy();
}
