import { inspect, isDeepStrictEqual } from 'node:util';
import { ComponentError, isComponentError } from '@sluice/contracts';

/** @throws ComponentError `TEST_PROMISE_BROKEN` unless `holds`. */
export function mustHold(holds: boolean, promise: string, found?: unknown): asserts holds {
  if (holds) return;
  const seen = found === undefined ? '' : `; found ${show(found)}`;
  throw new ComponentError('TEST_PROMISE_BROKEN', `${promise}${seen}`);
}

/** @throws ComponentError `TEST_PROMISE_BROKEN` unless both are deeply equal. */
export function mustEqual<T>(found: T, expected: T, promise: string): void {
  mustHold(isDeepStrictEqual(found, expected), `${promise}; expected ${show(expected)}`, found);
}

/**
 * Gives the error that `work` rejects with.
 *
 * @throws ComponentError `TEST_PROMISE_BROKEN` when it does not, or with an error that has no code.
 */
export async function mustReject(work: () => Promise<unknown>, promise: string): Promise<ComponentError> {
  const error = await work().then(
    () => undefined,
    (rejection: unknown) => rejection,
  );
  mustHold(error !== undefined, promise, 'no error');
  mustHold(isComponentError(error), `${promise}, with a ComponentError`, error);
  return error;
}

function show(value: unknown): string {
  return inspect(value, { depth: 5, maxArrayLength: 12, maxStringLength: 60, breakLength: 120 });
}
