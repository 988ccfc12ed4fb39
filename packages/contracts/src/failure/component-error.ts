import { ERRORS, type ErrorCode } from './error-table.js';

/**
 * What should be done about an error: try again at once, after a pause, never (the event itself is bad), or not before a
 * person has acted.
 */
export type RetryClass = 'now' | 'backoff' | 'never' | 'operator';

/** Ids, counts, positions, names. Never row values, secrets or connection strings. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | bigint | null | readonly string[]>>;

/** What an error carries besides its code and message. */
export interface ErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** Default: as the table of errors has it. */
  readonly retry?: RetryClass;
  /** Default: as the table of errors has it. */
  readonly advice?: string;
}

const BRAND = Symbol.for('sluice.ComponentError');

/**
 * Every error that Sluice raises. `code` is stable and listed in docs/errors.md; `retry` says what may be done about it;
 * `advice` says what a person should do.
 *
 * Branded through `Symbol.for`: use {@link isComponentError} rather than `instanceof`, so that two copies of this package
 * recognise each other's errors. Codes of your own adapter are fine: give `retry` and `advice` with them.
 */
export class ComponentError extends Error {
  override readonly name: string = 'ComponentError';
  readonly code: string;
  readonly retry: RetryClass;
  readonly advice: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode | (string & {}), message: string, options: ErrorOptions = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    const known = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
    this.code = code;
    this.retry = options.retry ?? known?.retry ?? 'backoff';
    this.advice = options.advice ?? known?.advice ?? '';
    this.details = options.details ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is a {@link ComponentError}, of this copy of the package or of another. */
export function isComponentError(error: unknown): error is ComponentError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
}

/** What a sink rejects with when single events of a write are bad. `failures` maps an index of the write to its error. */
export class BatchError extends ComponentError {
  readonly failures: ReadonlyMap<number, ComponentError>;

  constructor(failures: ReadonlyMap<number, ComponentError>, options: ErrorOptions = {}) {
    const first = failures.values().next().value;
    super('SINK_BATCH_FAILED', `${failures.size} events failed, the first with ${first?.code ?? 'no code'}`, {
      retry: first?.retry ?? 'backoff',
      ...options,
    });
    this.failures = failures;
  }
}

/** Whether `error` is a {@link BatchError}, of this copy of the package or of another. */
export function isBatchError(error: unknown): error is BatchError {
  return isComponentError(error) && error.code === 'SINK_BATCH_FAILED' && 'failures' in error;
}
