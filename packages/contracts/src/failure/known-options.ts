import { ComponentError } from './component-error.js';

/**
 * Refuses options that nobody reads: a mistyped one would else be ignored in silence.
 *
 * @throws ComponentError `OPTIONS_INVALID`, naming the option and those that there are.
 */
export function refuseUnknownOptions(of: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ComponentError('OPTIONS_INVALID', `${of} has no option \`${unknown}\`; it has ${known.join(', ')}`, {
    details: { option: unknown },
  });
}
