import { isComponentError } from '@sluice/contracts';
import { type Application, startApplication } from './application.js';
import { type Arguments, HELP, readArguments, UsageError } from './command-line/arguments.js';
import { assertPortFree, portError } from './command-line/port.js';
import { stopOnSignal } from './command-line/stopping.js';
import { removeDataFolder } from './data-folder.js';
import { DatabaseEnded } from './database/database-ended.js';
import { assertNotRunning } from './run-file.js';
import { readSettings } from './settings/settings.js';

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** The command that `npm start` runs. */
async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args.help) return say(HELP);
  const settings = readSettings(args.port === undefined ? {} : { portBase: args.port });
  await assertNotRunning(args.data);
  for (const port of new Set(Object.values(settings.ports))) await assertPortFree(port);
  if (args.fresh) await removeDataFolder(args.data);

  let starting: Promise<Application> | undefined;
  const stopping = stopOnSignal(async () => {
    // A start that fails has said so itself, and has stopped what it had started.
    const application = await starting?.catch(() => undefined);
    await application?.stop();
  }, say);
  starting = startApplication({ settings, data: args.data, say: (line) => stopping.begun || say(line) });
  try {
    const application = await starting;
    if (!stopping.begun) say(greeting(application.url, args));
    await application.failed;
  } catch (error) {
    stopping.after(describe(error));
  }
}

function greeting(url: string, { data }: Arguments): string {
  return `
The page:  ${url}/
The data:  ${data}

Open the page, then try this in another terminal and watch it change:

  curl -s ${url}/documents -H 'content-type: application/json' \\
    -d '{"title":"Lease agreement","content":"Between …","created_by":"ada@example.com"}'

  ID=$(curl -s '${url}/documents?limit=1' | sed 's/.*"id":"\\([^"]*\\).*/\\1/')
  curl -s ${url}/signatures -H 'content-type: application/json' \\
    -d '{"document_id":"'$ID'","signer_email":"bob@example.com","signer_name":"Bob","signature_data":"sig"}'
  curl -s ${url}/documents/$ID
  curl -s '${url}/search?q=leese'
  curl -s ${url}/documents/$ID/stats
  curl -s -X DELETE ${url}/documents/$ID

Each service listens on a port of its own as well, and describes itself at /docs, as the gateway does: ${url}/docs

Ctrl-C stops everything; the data stays (--fresh starts over).`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(1);
});

/** Known errors are a sentence and an advice; the stack is for those that nobody foresaw. */
function describe(error: unknown): string {
  if (error instanceof UsageError || error instanceof DatabaseEnded) return error.message;
  if (isComponentError(error)) return `${error.message}\n${error.advice}`;
  const { port, code } = error as NodeJS.ErrnoException & { port?: number };
  const known = code === undefined ? undefined : portError(port ?? 0, error);
  return known?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}
