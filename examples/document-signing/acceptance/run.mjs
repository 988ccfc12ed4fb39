// The acceptance suite on a system that runs: npm run acceptance -w examples/document-signing -- --url http://127.0.0.1:8000
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Usage: npm run acceptance -w examples/document-signing -- [options]

  --url URL             the gateway (default: http://127.0.0.1:8000); the others follow from it, as the default ports do
  --document-url, --signature-url, --search-url, --realtime-url URL
  --grpc HOST:PORT      gRPC of the document service
  --database-url URL    looks into tables and topics, too
  --jwt-secret SECRET   tries tokens of its own, too
  -t TEXT               only the tests whose name has this in it

Each may also be given as ACCEPTANCE_URL, ACCEPTANCE_DOCUMENT_URL and so on; secrets better are.`;

const names = [
  'url',
  'document-url',
  'signature-url',
  'search-url',
  'realtime-url',
  'grpc',
  'database-url',
  'jwt-secret',
];
const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));

try {
  const { values } = parseArgs({
    options: { ...options, help: { type: 'boolean', short: 'h' }, t: { type: 'string', short: 't' } },
  });
  if (values.help) console.log(HELP);
  else process.exitCode = await run(values);
} catch (error) {
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 1;
}

function run({ t, ...given }) {
  const env = { ...process.env };
  for (const [name, value] of Object.entries(given))
    env[`ACCEPTANCE_${name.toUpperCase().replaceAll('-', '_')}`] = value;
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const cwd = join(dirname(fileURLToPath(import.meta.url)), '..');
  const args = [vitest, 'run', '--config', 'acceptance/vitest.config.ts', ...(t ? ['-t', t] : [])];
  const child = spawn(process.execPath, args, { cwd, env, stdio: 'inherit' });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}
