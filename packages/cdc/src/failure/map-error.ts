import { ComponentError, type ErrorCode, type ErrorDetails, isComponentError } from '@sluice/contracts';
import { type ServerError, serverErrorOf } from './server-error.js';

/**
 * What was being done when Postgres refused: some SQLSTATEs mean different things in different places. `start` is
 * START_REPLICATION, `stream` what follows it.
 */
export type Activity = 'connect' | 'query' | 'publication' | 'slot' | 'start' | 'stream' | 'snapshot';

/** Any error of `pg`, of the socket or of the server as a {@link ComponentError}; the message holds the SQLSTATE and no values. */
export function mapError(thrown: unknown, activity: Activity, details: ErrorDetails = {}): ComponentError {
  if (isComponentError(thrown)) return thrown;
  const server = serverErrorOf(thrown);
  if (server) return mapServerError(server, activity, details);
  const reason = thrown instanceof Error ? ((thrown as NodeJS.ErrnoException).code ?? thrown.name) : typeof thrown;
  const code: ErrorCode = /password|SASL|SCRAM/i.test(String(thrown)) ? 'CDC_AUTH_FAILED' : 'CDC_CONNECTION_LOST';
  return new ComponentError(code, `${activity} failed (${reason}${addressOf(thrown)})`, {
    details: { ...details, reason },
    cause: thrown,
  });
}

/** Where it was tried, as the socket tells it. */
function addressOf(thrown: unknown): string {
  const { address, port } = Object(thrown) as { readonly address?: unknown; readonly port?: unknown };
  return typeof address === 'string' && typeof port === 'number' ? ` ${address}:${port}` : '';
}

/**
 * An ErrorResponse of the server. What it says is kept as the cause where it is about connections, rights and objects;
 * elsewhere it may quote a value.
 */
export function mapServerError(error: ServerError, activity: Activity, details: ErrorDetails = {}): ComponentError {
  return new ComponentError(codeOf(error, activity), `${activity} was refused by Postgres (${error.sqlState})`, {
    details: { ...details, sqlState: error.sqlState },
    ...(WITHOUT_VALUES.has(error.sqlState.slice(0, 2)) ? { cause: error } : {}),
  });
}

/** Classes of SQLSTATEs whose messages hold names and numbers alone. */
const WITHOUT_VALUES: ReadonlySet<string> = new Set(['08', '25', '28', '3D', '40', '42', '53', '55', '57', '58']);

/** Whether a reader may connect again and carry on where it was. */
export function isTransient(error: ComponentError): boolean {
  return error.code === 'CDC_CONNECTION_LOST' || error.code === 'CDC_SLOT_ACTIVE';
}

function codeOf({ sqlState, message }: ServerError, activity: Activity): ErrorCode {
  if (sqlState.startsWith('28')) return 'CDC_AUTH_FAILED';
  if (sqlState.startsWith('08') || sqlState.startsWith('57P')) return 'CDC_CONNECTION_LOST';
  switch (sqlState) {
    case '3D000':
      return 'CDC_DATABASE_MISSING';
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
      return missingObject(activity);
    case '55000':
      return notReady(message, activity);
    default:
      return 'CDC_SERVER_ERROR';
  }
}

function notReady(message: string, activity: Activity): ErrorCode {
  if (activity === 'slot' || /wal_level/.test(message)) return 'CDC_WAL_LEVEL';
  if (activity === 'start' || activity === 'stream') return 'CDC_SLOT_INVALIDATED';
  // A database that takes no connections for the moment.
  return activity === 'connect' ? 'CDC_CONNECTION_LOST' : 'CDC_SERVER_ERROR';
}

function missingObject(activity: Activity): ErrorCode {
  if (activity === 'publication' || activity === 'stream') return 'CDC_PUBLICATION_MISSING';
  return activity === 'start' || activity === 'slot' ? 'CDC_SLOT_MISSING' : 'CDC_SERVER_ERROR';
}
