import { parseArgs } from 'node:util';

/** What is to be done to the system. */
export interface LoadPlan {
  /** The gateway of a running system; left out, one of its own is started on an empty folder. */
  readonly url: string | undefined;
  readonly users: number;
  /** What each user asks for in a second. */
  readonly rate: number;
  readonly sockets: number;
  /** Of the sockets, those that follow the list; each of the others follows one document. */
  readonly listSockets: number;
  readonly seconds: number;
}

export const HELP = `Usage: npm run load -w examples/document-signing -- [options]

Users create, view, search and sign documents while browsers follow them over WebSockets.

  --url URL        a running system (default: one of its own, on an empty folder)
  --users N        at the same time (default: 200)
  --rate N         requests of each user in a second (default: 4)
  --sockets N      open WebSockets (default: 1000)
  --list N         of these, on the list of all documents (default: 50)
  --seconds N      how long (default: 30)
  --help           show this`;

/** Reads the command line; `help` when that is what is asked for. Throws an error that a person can read. */
export function readPlan(argv: readonly string[]): LoadPlan | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      url: { type: 'string' },
      users: { type: 'string', default: '200' },
      rate: { type: 'string', default: '4' },
      sockets: { type: 'string', default: '1000' },
      list: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '30' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const sockets = whole('--sockets', values.sockets, 0);
  return {
    url: values.url?.replace(/\/$/, ''),
    users: whole('--users', values.users, 1),
    rate: whole('--rate', values.rate, 1),
    sockets,
    listSockets: Math.min(sockets, whole('--list', values.list, 0)),
    seconds: whole('--seconds', values.seconds, 1),
  };
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= least) return value;
  throw new Error(`${name} should be a whole number from ${least}, not "${text}"`);
}
