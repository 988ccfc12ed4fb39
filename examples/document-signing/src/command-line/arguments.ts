import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MAX_PORT_BASE } from '../settings/ports.js';

export interface Arguments {
  /** Of the gateway; left out, PORT_BASE says it. */
  readonly port: number | undefined;
  /** The folder that holds everything that is kept. */
  readonly data: string;
  readonly fresh: boolean;
  readonly help: boolean;
}

const DATA = fileURLToPath(new URL('../.sluice', import.meta.url));

/** What a person can put right; shown as it is, without a stack. */
export class UsageError extends Error {}

export const HELP = `Usage: npm start -- [options]

  --port N     where the page and the API listen on 127.0.0.1 (default: PORT_BASE or 8000);
               the services' own ports move along: documents N+5 and N+42051 (gRPC),
               signatures N+2, search N+3, realtime N+4
  --data DIR   the folder that holds the database and the documents
               (default: ${DATA})
  --fresh      remove that folder first
  --help       show this

Ctrl-C stops everything, Postgres too. The data survives: the next start goes on with it.`;

/** Reads the command line. Throws {@link UsageError}. */
export function readArguments(argv: readonly string[]): Arguments {
  const { port, data, fresh, help } = parse(argv);
  return {
    port: port === undefined ? undefined : portOf(port),
    data: resolve(data ?? DATA),
    fresh: fresh ?? false,
    help: help ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT_BASE) return port;
  throw new UsageError(`--port should be a number from 0 to ${MAX_PORT_BASE}, not "${text}".`);
}
