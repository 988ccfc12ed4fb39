import { setTimeout as pause } from 'node:timers/promises';
import type { ComponentError } from '@sluice/contracts';
import type { Client, Pool, PoolClient } from 'pg';
import { cutOff } from '../connection/time-limits.js';
import { fromPostgres } from '../failure/postgres-errors.js';
import { gate } from './gate.js';
import { connectionBeside, type LogDatabase } from './log-database.js';

/** Who wants to be woken. */
export interface Sleeper {
  /** There may be something new in this partition (`topic/partition`), or in any; or in a group that is told by `group:name`. */
  wake(what: string | undefined): void;
  /** Nothing wakes anybody at the moment, because of this; undefined once it is over. */
  trouble(error: ComponentError | undefined): void;
}

/** A silent server is given up after this long, in milliseconds. */
const ANSWER_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Wakes whoever waits for events: one connection of the process listens for the notifications that come with each
 * append. Everybody is woken, besides, whenever the connection was made anew, every `pollMs`, and that often also while the
 * server refuses the connection: a notification that was lost delays, and loses nothing. The same round asks the server for an
 * answer, so that a line that has gone without a word is found out.
 */
export class WakeUps {
  readonly #sleepers = new Set<Sleeper>();
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  /** When everybody was woken last, by `performance.now()`. */
  #wokenAt = 0;

  constructor(
    private readonly database: LogDatabase,
    private readonly pollMs: number,
  ) {}

  /** The pool is to stay open until `leave` has resolved. */
  join(pool: Pool, sleeper: Sleeper): () => Promise<void> {
    this.#sleepers.add(sleeper);
    if (this.#stop === undefined) {
      const stop = new AbortController();
      this.#stop = stop;
      this.#running = this.#running.then(() => this.#listen(pool, stop.signal));
    }
    return async () => {
      this.#sleepers.delete(sleeper);
      if (this.#sleepers.size > 0) return;
      this.#stop?.abort();
      this.#stop = undefined;
      await this.#running;
    };
  }

  async #listen(pool: Pool, signal: AbortSignal): Promise<void> {
    let ms = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.#listenOnce(pool, signal, () => {
          ms = FIRST_PAUSE_MS;
        });
      } catch (error) {
        const failure = fromPostgres(error, 'listening for events');
        for (const sleeper of this.#sleepers) sleeper.trouble(failure);
        // A server that is there, and has no connection left, say: those that are open still read.
        if (failure.details['sqlState'] !== undefined && performance.now() - this.#wokenAt >= this.pollMs)
          this.#wake(undefined);
      }
      await paused(ms, signal);
      ms = Math.min(2 * ms, LONGEST_PAUSE_MS);
    }
  }

  async #listenOnce(pool: Pool, signal: AbortSignal, connected: () => void): Promise<void> {
    const client = connectionBeside(pool);
    const gone = gate<unknown>();
    let over = false;
    const end = (error: unknown) => {
      over = true;
      gone.keep(error);
    };
    const aborted = () => end(undefined);
    client.on('error', end);
    client.on('end', () => end(new Error('the connection was closed')));
    client.on('notification', ({ payload }) => this.#wake(payload));
    signal.addEventListener('abort', aborted);
    try {
      await Promise.race([client.connect(), gone.promise]);
      while (!signal.aborted && !over) {
        await Promise.race([this.#ask(client), gone.promise]);
        if (over) break;
        connected();
        for (const sleeper of this.#sleepers) sleeper.trouble(undefined);
        this.#wake(undefined);
        const asleep = new AbortController();
        await Promise.race([paused(this.pollMs, asleep.signal), gone.promise]);
        asleep.abort();
      }
      const error = await (over && !signal.aborted ? gone.promise : undefined);
      if (error) throw error;
    } finally {
      signal.removeEventListener('abort', aborted);
      await hangUp(client);
    }
  }

  /** Listening once more costs nothing, and is an answer. */
  async #ask(client: Client): Promise<void> {
    await client.query({ text: `LISTEN "${this.database.channel}"`, query_timeout: ANSWER_MS } as { text: string });
  }

  #wake(what: string | undefined): void {
    if (what === undefined) this.#wokenAt = performance.now();
    for (const sleeper of this.#sleepers) sleeper.wake(what);
  }
}

/** A server that is silent is not waited for. */
async function hangUp(client: Client): Promise<void> {
  const ended = client.end().catch(() => undefined); // it is gone already
  const asleep = new AbortController();
  await Promise.race([ended, paused(1_000, asleep.signal)]);
  asleep.abort();
  cutOff(client as unknown as PoolClient);
}

async function paused(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined); // called off
}
