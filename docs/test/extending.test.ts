import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Envelope, type EventOrigin, type Sink, type Source } from '@sluice/contracts';
import { conformance, type Sample, sinkConformance, sourceConformance } from '@sluice/testkit/conformance';
import { describe, expect, test } from 'vitest';
import { loadSnippet } from './load-snippet.js';
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
const { fileSink } = (await loadSnippet(sinkCode)) as { fileSink(path: string): Sink<unknown> };
const { fileSource } = (await loadSnippet(sourceCode, blockWith('const originOf'))) as {
  fileSource(path: string): Source<Line>;
};

async function emptyFile(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-extending-'));
  const path = join(folder, 'lines.jsonl');
  await writeFile(path, '');
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test('a sink and a source of your own take fewer than 40 lines', () => {
  for (const code of [sinkCode, sourceCode]) {
    const lines = code.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('import'));
    expect(lines.length).toBeLessThan(40);
  }
});

const origin: EventOrigin = {
  source: '/samples',
  type: () => 'sample',
  id: (ordinal) => String(ordinal),
  key: (_, record) => (record as Sample).key,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({}),
};

conformance(
  sinkConformance<unknown>({
    name: 'the sink of docs/extending.md',
    features: { delivery: 'plain' },
    keeps: 'all',
    poisonable: false,
    async create() {
      const file = await emptyFile();
      return {
        sink: () => fileSink(file.path),
        event: (sample, version) => new Envelope<unknown>(sample.value, origin, Number(version), sample),
        async read() {
          const lines = (await readFile(file.path, 'utf8')).split('\n').filter((line) => line !== '');
          return lines.map((line) => {
            const { key, data } = JSON.parse(line) as { key: string; data: string | null };
            return { key, value: data };
          });
        },
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      };
    },
  }),
  { describe, test },
);

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
