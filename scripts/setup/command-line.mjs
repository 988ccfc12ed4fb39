// What `npm start` and `npm test` accept: answered before anything is installed or built. It needs Node alone.
import { parseArgs } from 'node:util';

/** The example's own options: its src/command-line/arguments.ts reads them again, and a test keeps the two lists the same. */
export const start = {
  options: {
    port: { type: 'string' },
    data: { type: 'string' },
    fresh: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
  usage: `Usage: npm start -- [options]

Installs and builds what is missing, then runs the example of document signing until Ctrl-C.

  --port N     where the page and the API listen on 127.0.0.1 (default: PORT_BASE or 8000);
               the services' own ports move along
  --data DIR   the folder that holds the database and the documents
               (default: examples/document-signing/.sluice)
  --fresh      remove that folder first
  --help       show this`,
};

export const test = {
  options: { 'no-browser': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  usage: `Usage: npm test -- [options]

Checks, builds and tests everything, in stages. Single test files: npx vitest run FILE

  --no-browser   leave out the tests that need Chromium (not in CI)
  --help         show this`,
};

/** The options that were given. `--help` ends the process with the usage; what is unknown ends it with a sentence, the usage, and `refused`. */
export function optionsOf({ options, usage }, { refused = () => undefined } = {}) {
  const { values, problem } = read(options, process.argv.slice(2));
  if (problem === undefined && !values.help) return values;
  if (problem === undefined) {
    console.log(usage);
    process.exit(0);
  }
  console.error(`${problem}\n\n${usage}`);
  refused();
  process.exit(1);
}

function read(options, args) {
  try {
    return { values: parseArgs({ args, options }).values };
  } catch (error) {
    return { values: {}, problem: error.message };
  }
}
