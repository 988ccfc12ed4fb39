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
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: plainError },
      redact: { paths: HIDDEN.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
    },
    stream,
  );
}

const HIDDEN = ['authorization', 'cookie', 'password', 'secret', 'token', 'access_token', 'connectionString', 'body'];

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
