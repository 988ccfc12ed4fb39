import { ComponentError, type ErrorDetails, type RetryClass } from '@sluice/contracts';
import type { FailureStatus } from './status.js';

/** What may be said besides the status and the message. All of it is sent to the caller. */
export interface StatusErrorOptions {
  /** For programs: why, in UPPER_SNAKE_CASE, such as `DOCUMENT_CANCELLED`. The client's error has it as `details.reason`. */
  readonly reason?: string;
  /** Ids, counts, names. The client's error has them too, as text. */
  readonly details?: ErrorDetails;
  /** What the caller should do. Default: as the table of errors has it. */
  readonly advice?: string;
  /** Whether the caller may try again. Default: as the table of errors has it. */
  readonly retry?: RetryClass;
  /** Not sent. */
  readonly cause?: unknown;
}

const BRAND = Symbol.for('sluice.grpc.StatusError');

/**
 * An answer of a service that is no success: throw it in a handler. Message, reason, details and advice are sent to the caller
 * as they are; of any other error that a handler throws the caller learns the status, and of an error that is none of Sluice's
 * not even its text.
 *
 * `throw new StatusError('NOT_FOUND', `Document ${id} not found`)`
 */
export class StatusError extends ComponentError {
  override readonly name: string = 'StatusError';
  readonly status: FailureStatus;
  readonly reason: string | undefined;
  /** The message without the code that `message` begins with: what the caller is told. */
  readonly told: string;

  constructor(status: FailureStatus, message: string, options: StatusErrorOptions = {}) {
    const { reason, ...rest } = options;
    super(`GRPC_${status}`, message, rest);
    this.status = status;
    this.reason = reason;
    this.told = message;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is a {@link StatusError}, of this copy of the package or of another. */
export function isStatusError(error: unknown): error is StatusError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
}
