import type { ServiceError } from '@grpc/grpc-js';
import { ComponentError, type RetryClass } from '@sluice/contracts';
import { ADVICE, DOMAIN, errorInfoOf, RETRY } from './details-trailer.js';
import { type GrpcStatus, statusCode, statusName } from './status.js';

/** Also the reason that our servers give for an answer that is too large to send. */
export const TOO_LARGE = 'GRPC_MESSAGE_TOO_LARGE';

/**
 * The error that a caller gets for a call that failed: its code is `GRPC_` and the status. Retry class and advice are the
 * server's, where it sent any, else those of the status; `details` has `method`, `status`, and the server's `reason` and details.
 */
export function statusToError(failure: ServiceError, method: string, cause?: unknown): ComponentError {
  const status = statusName(failure.code);
  const info = errorInfoOf(failure.metadata);
  if (info?.reason === TOO_LARGE || foundTooLarge(failure)) {
    return new ComponentError(TOO_LARGE, failure.details, { details: { method, status } });
  }
  const { [RETRY]: retry, [ADVICE]: advice, ...sent } = info?.domain === DOMAIN ? info.metadata : {};
  return new ComponentError(`GRPC_${status}`, failure.details, {
    details: { ...sent, method, status, ...(info === undefined ? {} : { reason: info.reason }) },
    ...(isRetryClass(retry) ? { retry } : {}),
    ...(advice ? { advice } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * What a call failed with that its caller has not given up. A server that is killed or closes its connections resets them, which
 * reads as CANCELLED: nobody has cancelled anything, so it is UNAVAILABLE. One that says CANCELLED itself is believed.
 */
export function brokenOff(failure: ServiceError): ServiceError {
  if (statusName(failure.code) !== 'CANCELLED' || errorInfoOf(failure.metadata) !== undefined) return failure;
  return Object.assign(failure, { code: statusCode('UNAVAILABLE'), details: 'the server broke the call off' });
}

/** The status that an error of a client stands for; undefined for an error of something else. */
export function statusOf(error: unknown): GrpcStatus | undefined {
  const status = (error as { readonly details?: { readonly status?: unknown } } | undefined)?.details?.status;
  return typeof status === 'string' && isGrpcCode(error) ? (status as GrpcStatus) : undefined;
}

function isGrpcCode(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('GRPC_');
}

/** grpc-js has no status of its own for it: both a quota and a large message are RESOURCE_EXHAUSTED, but only one may pass. */
function foundTooLarge({ code, details }: ServiceError): boolean {
  return statusName(code) === 'RESOURCE_EXHAUSTED' && /^(Received|Sent|Attempted to send) message/.test(details);
}

function isRetryClass(value: string | undefined): value is RetryClass {
  return value === 'now' || value === 'backoff' || value === 'never' || value === 'operator';
}
