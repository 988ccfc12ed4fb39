import { isComponentError } from '@sluice/contracts';

/**
 * Whether an error says that a part is away, and goes away by itself: connection failures, the SQLSTATE classes 08 (connection),
 * 53 (resources) and 57P (the server stops), what `pg` says without a code, and errors of our components that may be retried.
 */
export function isUnavailable(error: unknown): boolean {
  if (isComponentError(error)) return error.retry === 'now' || error.retry === 'backoff';
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return /^(ECONN|EPIPE|ETIMEDOUT|08|53|57P)/.test(code);
  return /^(Connection terminated|timeout exceeded when trying to connect|Cannot use a pool after)/.test(error.message);
}
