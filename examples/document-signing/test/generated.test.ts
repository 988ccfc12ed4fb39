import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(dirname(createRequire(import.meta.url).resolve('@bufbuild/buf/package.json')), '../../.bin');

test('the generated code is what its .proto files say (`npm run generate -w document-signing` makes it so)', {
  timeout: 120_000,
}, () => {
  // Below the workspace, so that the formatter finds its settings.
  const copy = mkdtempSync(join(root, 'test/.built-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const part of ['proto', 'buf.yaml', 'buf.gen.yaml']) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  const env = { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH']}` };
  execFileSync('buf', ['generate'], { cwd: copy, env });
  for (const folder of ['src/generated']) {
    const format = (path: string) => {
      const input = readFileSync(join(copy, folder, path));
      const to = join(root, folder, path);
      return execFileSync('biome', ['check', '--write', `--stdin-file-path=${to}`], {
        cwd: root,
        env,
        input,
      }).toString();
    };
    const files = (of: string) =>
      readdirSync(join(of, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .sort();
    expect(files(root)).toEqual(files(copy));
    for (const path of files(copy)) expect(readFileSync(join(root, folder, path), 'utf8')).toBe(format(path));
  }
});
