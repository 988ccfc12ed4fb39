import { ComponentError, type DeadLetterStore } from '@sluice/contracts';

/**
 * What becomes of an event that can't be processed.
 *
 * - `stop`: the pipeline fails with `PIPELINE_EVENT_FAILED`, and delivers the event again when it is run again.
 * - `skip`: the event becomes a dead letter, and later events of its key go on. Without a store it is dropped, and counted.
 * - `park`: the event and every later event of its key go to the dead-letter store, until all of them were replayed or
 *   discarded: what reaches the sink is in order by key. An event without a key is skipped.
 */
export type FailurePolicy = 'stop' | 'skip' | 'park';

const POLICIES: readonly FailurePolicy[] = ['stop', 'skip', 'park'];

/**
 * The policy that holds: `skip` where there is a dead-letter store, else `stop`.
 *
 * @throws ComponentError `OPTIONS_INVALID` for another word, and for `park` without a store.
 */
export function failurePolicy(wanted: FailurePolicy | undefined, store: DeadLetterStore | undefined): FailurePolicy {
  const policy = wanted ?? (store ? 'skip' : 'stop');
  if (!POLICIES.includes(policy)) {
    throw new ComponentError('OPTIONS_INVALID', `\`onFailure\` must be one of ${POLICIES.join(', ')}`);
  }
  if (policy === 'park' && store === undefined) {
    throw new ComponentError('OPTIONS_INVALID', '`onFailure: park` needs `deadLetters`: somewhere to park');
  }
  return policy;
}
