import { isComponentError } from '@sluice/contracts';

/**
 * Whether an error says that a part is away, and goes away by itself: connection failures, the SQLSTATE classes 08 (connection),
 * 53 (resources) and 57P (the server stops), 57014 (it took too long) and 55P03 (a lock was not to be had), what `pg` says without a code, and errors of our components that may be retried.
 */
export function isUnavailable(error: unknown): boolean {
  if (isComponentError(error)) return error.retry === 'now' || error.retry === 'backoff';
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return /^(ECONN|EPIPE|ETIMEDOUT|08|53|57P|57014|55P03)/.test(code);
  return /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Cannot use a pool after)/.test(
    error.message,
  );
}
