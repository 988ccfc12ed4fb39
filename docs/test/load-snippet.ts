import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';

/** Runs blocks of a page, as they stand there, within the test; answers with what they export. */
export async function loadSnippet(...code: string[]): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(import.meta.dirname, '.built-'));
  try {
    const { code: plain } = await transform(code.join('\n'), { loader: 'ts', format: 'esm', target: 'node20' });
    const file = join(folder, 'block.ts');
    await writeFile(file, plain);
    return (await import(file)) as Record<string, unknown>;
  } finally {
    await rm(folder, { recursive: true });
  }
}
