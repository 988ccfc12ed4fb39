import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';

/** Runs blocks of a page, as they stand there, as one module within the test; answers with what they export. */
export function loadSnippet(...code: string[]): Promise<Record<string, unknown>> {
  return loadModules({ block: code.join('\n') });
}

/** Runs modules that import each other as `./name.js`; answers with what the last one exports. */
export async function loadModules(modules: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(import.meta.dirname, '.built-'));
  try {
    let last = '';
    for (const [name, code] of Object.entries(modules)) {
      const { code: plain } = await transform(code, { loader: 'ts', format: 'esm', target: 'node20' });
      last = join(folder, `${name}.ts`);
      await mkdir(dirname(last), { recursive: true });
      await writeFile(last, plain);
    }
    return (await import(last)) as Record<string, unknown>;
  } finally {
    await rm(folder, { recursive: true });
  }
}
