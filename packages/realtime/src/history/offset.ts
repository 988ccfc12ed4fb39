import { ComponentError } from '@sluice/contracts';

/** Checks an offset and makes a number of it. Throws `REALTIME_OFFSET_INVALID`. `from`: the least that is allowed. */
export function toOffset(value: number | bigint, from = 1): number {
  const offset = Number(value);
  if (Number.isSafeInteger(offset) && offset >= from) return offset;
  throw new ComponentError(
    'REALTIME_OFFSET_INVALID',
    `an offset must be a whole number from ${from} to ${Number.MAX_SAFE_INTEGER}`,
    { details: { offset: String(value) } },
  );
}
