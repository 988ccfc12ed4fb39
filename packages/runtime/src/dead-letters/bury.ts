import { ComponentError, type Lane, type NewDeadLetter, type Position } from '@sluice/contracts';
import type { Failure } from '../delivery/delivery.js';
import type { Plan } from '../pipeline/plan.js';
import { causeOf, retryClass } from '../retry/failure-class.js';
import { backoffMs, pause } from '../retry/retry-policy.js';

/**
 * Makes events dead letters: resolves when they are durable there. Rejects with `PIPELINE_EVENT_FAILED` when the pipeline has
 * no store for them, and with the store's own error when that can't be helped.
 */
export async function bury(
  { name, sink, deadLetters, retry }: Plan,
  grave: {
    readonly lane: Lane;
    readonly position: Position | undefined;
    readonly stage: string;
    readonly failures: readonly Failure[];
    readonly attempts: number;
  },
  signal: AbortSignal,
  retried: (error: unknown, attempt: number) => void,
): Promise<void> {
  const { lane, stage, failures, attempts } = grave;
  if (deadLetters === undefined) {
    const first = failures[0] as Failure;
    const { code, message } = causeOf(first.cause);
    throw new ComponentError('PIPELINE_EVENT_FAILED', `event ${first.event.id} can't be processed: ${message}`, {
      cause: first.cause,
      details: { pipeline: name, lane, stage, event: first.event.id, events: failures.length, attempts, code },
    });
  }
  const position = grave.position ?? { resume: '', within: 0 };
  const at = new Date();
  const letters = failures.map(
    ({ event, cause }): NewDeadLetter => ({
      pipeline: name,
      sink: sink.name,
      lane,
      position,
      event,
      ...(event.record instanceof Uint8Array ? { original: event.record } : {}),
      stage,
      cause: causeOf(cause),
      attempts,
      at,
      parked: false,
    }),
  );
  for (let attempt = 1; ; attempt++) {
    try {
      await deadLetters.put(letters);
      return;
    } catch (error) {
      if (signal.aborted || retryClass(error) === 'operator' || attempt >= retry.maxAttempts) throw error;
      retried(error, attempt);
      await pause(backoffMs(retry, attempt), signal);
    }
  }
}
