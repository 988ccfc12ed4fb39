import { ComponentError, type ErrorCode, type ErrorDetails, isComponentError } from '@sluice/contracts';
import { type ServerError, serverErrorOf } from './server-error.js';

/** What was being done when Postgres refused: some SQLSTATEs mean different things in different places. */
export type Activity = 'connect' | 'query' | 'publication' | 'slot' | 'stream' | 'snapshot';

/** Any error of `pg`, of the socket or of the server as a {@link ComponentError}; the message holds the SQLSTATE and no values. */
export function mapError(thrown: unknown, activity: Activity, details: ErrorDetails = {}): ComponentError {
  if (isComponentError(thrown)) return thrown;
  const server = serverErrorOf(thrown);
  if (server) return mapServerError(server, activity, details, thrown);
  const reason = thrown instanceof Error ? ((thrown as NodeJS.ErrnoException).code ?? thrown.name) : typeof thrown;
  const code: ErrorCode = /password|SASL|SCRAM/i.test(String(thrown)) ? 'CDC_AUTH_FAILED' : 'CDC_CONNECTION_LOST';
  return new ComponentError(code, `${activity} failed`, { details: { ...details, reason }, cause: thrown });
}

/** An ErrorResponse of the server. */
export function mapServerError(
  error: ServerError,
  activity: Activity,
  details: ErrorDetails = {},
  cause: unknown = error,
): ComponentError {
  return new ComponentError(codeOf(error, activity), `${activity} was refused by Postgres (${error.sqlState})`, {
    details: { ...details, sqlState: error.sqlState },
    cause,
  });
}

/** Whether a reader may connect again and carry on where it was. */
export function isTransient(error: ComponentError): boolean {
  return error.code === 'CDC_CONNECTION_LOST' || error.code === 'CDC_SLOT_ACTIVE';
}

function codeOf({ sqlState, message }: ServerError, activity: Activity): ErrorCode {
  if (sqlState.startsWith('28')) return 'CDC_AUTH_FAILED';
  if (sqlState.startsWith('08') || sqlState.startsWith('57P')) return 'CDC_CONNECTION_LOST';
  switch (sqlState) {
    case '42501':
      return 'CDC_PERMISSION_DENIED';
    case '55006':
      return 'CDC_SLOT_ACTIVE';
    case '53300':
      return 'CDC_CONNECTION_LOST';
    case '53400':
      return 'CDC_SLOT_LIMIT';
    case '42P01':
      return 'CDC_TABLE_MISSING';
    case '42704':
      return missingObject(message, activity);
    case '55000':
      return activity === 'stream' && !/wal_level/.test(message) ? 'CDC_SLOT_INVALIDATED' : 'CDC_WAL_LEVEL';
    default:
      return 'CDC_SERVER_ERROR';
  }
}

function missingObject(message: string, activity: Activity): ErrorCode {
  if (activity === 'publication' || /publication/.test(message)) return 'CDC_PUBLICATION_MISSING';
  return activity === 'stream' || activity === 'slot' ? 'CDC_SLOT_MISSING' : 'CDC_SERVER_ERROR';
}
