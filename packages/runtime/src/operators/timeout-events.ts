import { ComponentError, refuseUnknownOptions } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { named } from './each-batch.js';

/** How long a stage may keep a delivery. */
export interface TimeoutOptions {
  /** Milliseconds, above 0. Looked at every 50. */
  readonly ms: number;
}

/** Marks an operator that has a time-out of its own, in milliseconds. */
export const KEEPS_AT_MOST: unique symbol = Symbol('sluice.keeps-at-most');

/**
 * Gives an operator a time-out of its own in place of the pipeline's `settlementTimeoutMs`: when it keeps a delivery longer
 * (whether slow, stuck or lost), the pipeline starts anew from its checkpoint, with `EVENT_TIMEOUT` as the reason.
 *
 * The time of a delivery counts from when it became the operator's oldest, so one that waits behind others is not blamed.
 * For a time-out of each event, see `mapEventsAsync`.
 *
 * Order: as the operator has it. Throws: `OPTIONS_INVALID` at once.
 */
export function timeoutEvents<T, U>(
  operator: OperatorFunction<Delivery<T>, Delivery<U>>,
  options: TimeoutOptions,
): OperatorFunction<Delivery<T>, Delivery<U>> {
  refuseUnknownOptions('timeoutEvents', options, ['ms']);
  const { ms } = options;
  if (!(Number.isFinite(ms) && ms > 0)) {
    throw new ComponentError('OPTIONS_INVALID', 'timeoutEvents: `ms` must be a finite number above 0');
  }
  const timed: OperatorFunction<Delivery<T>, Delivery<U>> = (deliveries) => operator(deliveries);
  const name = `timeoutEvents of ${operator.name || 'an operator of your own'}`;
  return Object.assign(named(name, timed), { [KEEPS_AT_MOST]: ms });
}
