// Options of a benchmark as they were typed: checked once, with the defaults filled in.
import { parseArgs } from 'node:util';

/** What was typed makes no sense; the usage text goes with it. */
export class UsageError extends Error {}

/** Parses `args` by `own` options on top of the common ones; an unknown one is a UsageError. */
export function parseOptions(args, own) {
  const common = {
    runs: { type: 'string', default: '3' },
    'cpu-prof': { type: 'string' },
    save: { type: 'boolean', default: true },
    build: { type: 'boolean', default: true },
  };
  try {
    return parseArgs({ args, options: { ...common, ...own }, allowNegative: true }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** A whole number from 1 on. */
export function count(option, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`--${option} takes a whole number from 1 on, not ${text}.`);
}

/** A list with commas between, each one of `allowed`. */
export function oneOrMore(option, text, allowed) {
  const chosen = text.split(',');
  const unknown = chosen.find((one) => !allowed.includes(one));
  if (unknown === undefined) return chosen;
  throw new UsageError(`--${option} takes ${allowed.join(', ')}, not ${unknown}.`);
}
