import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const run = fileURLToPath(new URL('../run.mjs', import.meta.url));

/** What `npm run bench -- …` prints, and how it ends: of the packages as they are built, as `npm test` does before. */
async function bench(...args: string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, [run, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 280_000 });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, text };
}

/** The first cells of the rows of every table. */
const rows = (text: string) => [...text.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, cell]) => cell);

test.each([
  {
    args: ['runtime', '--events', '2000', '--batch', '100,10'],
    shows: [
      'plain loop',
      'Sluice',
      'Sluice, Prometheus',
      'Sluice, OpenTelemetry',
      'RxJS, per batch',
      'RxJS, per event',
    ],
  },
  { args: ['runtime-memory', '--events', '20000'], shows: ['0.0M'] },
  { args: ['runtime-pipelines', '--events', '4000', '--pipelines', '1,3'], shows: ['1', '3'] },
  { args: ['cdc', '--events', '200', '--workload', 'A100'], shows: ['Sluice'] },
])('$args.0 runs and shows who took part', { timeout: 300_000 }, async ({ args, shows }) => {
  const { code, text } = await bench(...args, '--runs', '1', '--no-save', '--no-build');
  // So few events say nothing about growth, and the verdict on it is the exit code of that one.
  if (code !== 0 && !text.includes('NOT FLAT')) throw new Error(text);
  expect(rows(text)).toEqual(expect.arrayContaining(shows));
  expect(text).not.toMatch(/NaN|undefined/);
});

test('what makes no sense is refused with the usage, before anything is built', async () => {
  expect(await bench('nothing')).toMatchObject({ code: 2, text: expect.stringContaining('Usage:') });
});
