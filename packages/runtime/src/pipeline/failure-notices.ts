import { causeOf } from '../retry/failure-class.js';
import { CircuitBreaker } from '../sink/circuit-breaker.js';
import { tell } from './notices.js';
import type { Plan } from './plan.js';

/** The circuit breaker of a pipeline's sink, which tells when it opens and closes; undefined where there is none. */
export function breakerOf(plan: Plan): CircuitBreaker | undefined {
  const { circuitBreaker, sink } = plan;
  if (circuitBreaker === undefined) return undefined;
  return new CircuitBreaker(circuitBreaker, (state, error, times, coolDownMs) => {
    const { code, message } = causeOf(error);
    if (state === 'closed') tell(plan, `sink ${sink.name} takes writes again`, code);
    else tell(plan, `sink ${sink.name} is left alone for ${coolDownMs} ms: ${message}`, code, times);
  });
}

/** Tells of dropped events at the 1st, 2nd, 4th, 8th… and at what passes one of these. */
export function tellSkipped(plan: Plan, before: number, total: number): void {
  if (before > 0 && Math.floor(Math.log2(before)) === Math.floor(Math.log2(total))) return;
  tell(plan, `${total} events could not be processed and were dropped, as onFailure: skip says`, undefined);
}
