import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Source } from '@sluice/contracts';
import { conformance, type Sample, sourceConformance } from '@sluice/testkit/conformance';
import { describe, expect, test } from 'vitest';
import { loadModules, loadSnippet } from './load-snippet.js';
import { snippets } from './snippets.js';

interface Line extends Sample {
  readonly value: string;
  readonly time: string;
}

const page = snippets().filter((snippet) => snippet.page === 'docs/extending.md');

function blockWith(text: string): string {
  const found = page.filter(({ code }) => code.includes(text));
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`docs/extending.md: ${found.length} blocks have "${text}"`);
  return found[0].code;
}

const sinkCode = blockWith('export function fileSink');
const sourceCode = blockWith('export function fileSource');
const transportCode = blockWith('export function fileTransport');
const { fileSource } = (await loadSnippet(sourceCode, blockWith('const originOf'))) as {
  fileSource(path: string): Source<Line>;
};

async function emptyFile(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-extending-'));
  const path = join(folder, 'lines.jsonl');
  await writeFile(path, '');
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const linesOf = (code: string) =>
  code.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('import')).length;

test('a sink and a source of your own take fewer than 45 lines, a transport fewer than 60', () => {
  for (const code of [sinkCode, sourceCode]) expect(linesOf(code)).toBeLessThan(45);
  expect(linesOf(transportCode)).toBeLessThan(60);
});

// Enrols the sink in its suite, as the page does.
await loadSnippet(sinkCode, blockWith('sinkConformance({'));

conformance(
  sourceConformance<Line>({
    name: 'the source of docs/extending.md',
    features: { ack: 'cumulative', replayable: true },
    async create() {
      const file = await emptyFile();
      return {
        source: () => fileSource(file.path),
        async produce(samples) {
          const time = new Date(0).toISOString();
          await appendFile(file.path, samples.map((sample) => `${JSON.stringify({ ...sample, time })}\n`).join(''));
        },
        value: (event) => event.data?.value ?? '',
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      };
    },
  }),
  { describe, test },
);

// Enrols the transport, which reads with the source of the page.
await loadModules({
  'file-source': `${sourceCode}\n${blockWith('const originOf')}`,
  'file-transport': `import { fileSource } from './file-source.js';\n${transportCode}`,
  enrolled: `import { fileTransport } from './file-transport.js';\n${blockWith('transportConformance({')}`,
});
