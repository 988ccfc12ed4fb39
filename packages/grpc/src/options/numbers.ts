import { ComponentError } from '@sluice/contracts';

/** Node's timers take no more. */
const MAX = 2_147_483_647;

/** `value`, when it is a whole number of milliseconds from 1. Throws `OPTIONS_INVALID`, naming the option. */
export function duration(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= MAX) return value;
  throw invalid(option, `must be a whole number from 1 to ${MAX}`);
}

/** A group of positive whole numbers with its defaults filled in. Throws `OPTIONS_INVALID`, naming the option. */
export function positive<T extends object>(group: string, defaults: Required<T>, given: T | undefined): Required<T> {
  const resolved: Record<string, number> = { ...(defaults as Record<string, number>) };
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!(name in defaults)) throw invalid(`${group}.${name}`, 'is not an option');
    if (value !== undefined) resolved[name] = duration(`${group}.${name}`, value as number);
  }
  return resolved as Required<T>;
}

/** The error for one bad option. */
export function invalid(option: string, problem: string): ComponentError {
  return new ComponentError('OPTIONS_INVALID', `\`${option}\` ${problem}`, { details: { option } });
}
