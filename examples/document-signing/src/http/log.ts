import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutSecrets } from './secrets.js';

/** Structured logs: lines of JSON. */
export type Log = Logger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Options of {@link openLog}. */
export interface LogOptions {
  /** Default: `warn`. At `info` there is a line for each request. */
  readonly level?: LogLevel;
  /** Default: stderr. */
  readonly stream?: DestinationStream;
}

/**
 * The log of a process; each service writes into a child of it.
 *
 * Bodies are never logged. Tokens in addresses, authorization headers and what is named like a secret are replaced by `[hidden]`. Of an
 * error its kind, code, message and stack are kept, and no more: those of Postgres carry the values of rows.
 */
export function openLog({ level = 'warn', stream = pino.destination({ dest: 2, sync: true }) }: LogOptions = {}): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => hidingSecrets(fields) },
      serializers: { err: plainError },
    },
    stream,
  );
}

const HIDDEN = /^(authorization|cookie|set-cookie|body|connectionString)$|password|secret|token/i;

/** Not pino's own `redact`: with it each request's child of the log is a deep copy. */
function hidingSecrets(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  const shown = Object.entries(fields).map(([name, value]) => {
    if (HIDDEN.test(name)) return [name, '[hidden]'];
    if (typeof value === 'string') return [name, withoutSecrets(value)];
    return [name, isPlain(value) && depth < 4 ? hidingSecrets(value, depth + 1) : value];
  });
  return Object.fromEntries(shown);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

interface PlainError {
  readonly type: string;
  readonly code?: string | number;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: PlainError;
}

function plainError(error: unknown, depth = 0): PlainError {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutSecrets(String(error)) };
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: withoutSecrets(error.message),
    ...(error.stack === undefined ? {} : { stack: withoutSecrets(error.stack) }),
    ...(error.cause === undefined || depth > 3 ? {} : { cause: plainError(error.cause, depth + 1) }),
  };
}
