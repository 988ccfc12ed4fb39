import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadModules } from './load-snippet.js';
import { snippets } from './snippets.js';

const database = useDatabase();
const page = snippets().filter((snippet) => snippet.page === 'docs/extending.md');
const blockWith = (text: string) => page.find(({ code }) => code.includes(text))?.code ?? '';

/** Goes before the block, which lets its pipeline run: drains that once its sink has a line. */
const drained = `
import { readFile } from 'node:fs/promises';
import { waitFor } from '@sluice/testkit';
void (async () => {
  const lines = () => readFile('out.jsonl', { encoding: 'utf8', flag: 'a+' });
  await waitFor(async () => (await lines()) !== '', { what: 'a line', timeoutMs: 30_000 });
  await upper.drain();
})();`;

test('the pipeline of docs/extending.md reads its file, and writes the other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-extending-'));
  const before = process.cwd();
  onTestFinished(async () => {
    process.chdir(before);
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  vi.stubEnv('DATABASE_URL', database.url);
  await writeFile(join(folder, 'in.jsonl'), `${JSON.stringify({ key: 'a', value: 'one', time: new Date(0) })}\n`);
  process.chdir(folder);
  const files = "import { fileSink } from './file-sink.js';\nimport { fileSource } from './file-source.js';";
  await loadModules({
    'file-sink': blockWith('export function fileSink'),
    'file-source': `${blockWith('export function fileSource')}\n${blockWith('const originOf')}`,
    'in-a-pipeline': `${files}\n${drained}\n${blockWith('await upper.run()')}`,
  });
  expect(JSON.parse(await readFile('out.jsonl', 'utf8'))).toMatchObject({ key: 'a', data: 'ONE' });
});
