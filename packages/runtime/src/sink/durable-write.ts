import { type Envelope, isBatchError, isComponentError, type SinkFeatures, type SinkSession } from '@sluice/contracts';
import type { Failure } from '../delivery/delivery.js';
import type { AttemptNotes } from '../retry/attempt-notes.js';
import { retryClass } from '../retry/failure-class.js';
import { backoffMs, pause, type RetryPolicy } from '../retry/retry-policy.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { SinkWrite } from './sink-writer.js';
import { namesAny, sortOut, type Tries } from './sort-out.js';
import { storedAfterAll } from './stored-after-all.js';
import { writeAlone } from './write-alone.js';

/** What a write needs besides its events. */
export interface WriteSetting {
  readonly session: SinkSession<unknown>;
  readonly delivery: SinkFeatures['delivery'];
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  /** Whether the later events of a key follow one that is hopeless. */
  readonly parks: boolean;
  /** How often single events were tried before. */
  readonly notes: AttemptNotes;
  readonly breaker: CircuitBreaker | undefined;
  /** Called before each repetition. */
  readonly retried: (error: unknown, attempt: number) => void;
  /** Makes events dead letters; resolves when they are durable there, rejects when there is nowhere to put them. */
  readonly bury: (failures: readonly Failure[], attempts: (failure: Failure) => number) => Promise<void>;
}

/**
 * Writes events until every one of them is durable, in the sink or among the dead letters.
 *
 * - Events that a `BatchError` names are tried again up to `maxAttempts`, tries of earlier processes included; `never` ones
 *   are buried at once.
 * - A plain sink is given the later events of their keys once more behind those that are tried again: it has no version to
 *   tell it which is the newest.
 * - A write that fails as a whole is repeated; after `maxAttempts` this rejects, and the pipeline opens the sink anew. An
 *   outage never makes dead letters; while the breaker is open, the write waits. An atomic one may have happened all the
 *   same: its checkpoint is looked for before it is repeated.
 * - A whole write that fails for its data (`never`), or with an error of unknown kind to the last attempt, is taken apart:
 *   each event alone; if not one of them can be written, that is an outage after all. For an atomic sink that would tear a batch apart, so this rejects.
 */
export async function writeDurably(write: SinkWrite, setting: WriteSetting): Promise<void> {
  const { session, policy, signal, breaker, notes } = setting;
  const { checkpoints, fences = [] } = write;
  let left = write.events;
  let tries: Tries | undefined;
  let inDoubt = false;
  /** Whether what fails is the question after the last try, which says nothing about the events. */
  let asking = false;
  for (let attempt = 1, whole = 1; ; attempt++) {
    if (breaker !== undefined && !breaker.closed) await breaker.enter(signal);
    try {
      asking = inDoubt;
      const stored = inDoubt && (await storedAfterAll(write, session.checkpoints));
      asking = false;
      if (!stored) {
        await session.write(left, { checkpoints: [...checkpoints, ...fences], attempt: attempt - 1, signal });
      }
      breaker?.answered();
      if (notes.size > 0) await notes.forget(write.events);
      return;
    } catch (error) {
      const again = retryClass(error);
      if (signal.aborted || again === 'operator') {
        breaker?.abandoned();
        throw error;
      }
      if (isBatchError(error) && namesAny(error.failures, left)) {
        breaker?.answered();
        whole = 1;
        tries ??= new Map();
        left = await sortOut(error.failures, left, tries, setting);
        if (left.length === 0 && checkpoints.length === 0) return;
        if (tries.size === 0) continue;
      } else {
        if (again === 'never') breaker?.answered();
        else breaker?.failed(error);
        inDoubt = asking || again !== 'never';
        const last = whole >= policy.maxAttempts;
        if (!asking && (again === 'never' || (last && !isComponentError(error)))) {
          return writeAlone(write, left, error, attempt, setting);
        }
        if (last) throw error;
        whole += 1;
      }
      setting.retried(error, attempt);
      if (again !== 'now') await pause(backoffMs(policy, attempt), signal);
    }
  }
}

/** The events of a write. */
export type Events = readonly Envelope<unknown>[];
