import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const foreground = new URL('../setup/foreground.mjs', import.meta.url).href;
const drains = `
  let signals = 0;
  const open = setInterval(() => {}, 1000);
  for (const name of ['SIGINT', 'SIGTERM']) {
    process.on(name, () => {
      signals += 1;
      setTimeout(() => { console.log('signals ' + signals); clearInterval(open); process.exitCode = 7; }, 300);
    });
  }
  console.log('up ' + process.argv.slice(2).join(' ') + ' pid ' + process.pid);`;

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s arrives once, however often it is sent at once; the exit code is passed on',
  async (signal) => {
    const { parent, output, until } = runs(drains);
    await until(/up --port 9000/);
    for (let n = 0; n < 3; n += 1) parent.kill(signal);
    const code = await new Promise((resolve) => parent.on('close', resolve));
    expect(output()).toMatch(/signals 1$/m);
    expect(code).toBe(7);
  },
);

test('a program whose parent is killed is told to stop', async () => {
  const { parent, output, until } = runs(drains);
  await until(/pid/);
  parent.kill('SIGKILL');
  // The pipe of its output closes when the program has ended.
  await new Promise((resolve) => parent.on('close', resolve));
  expect(output()).toMatch(/signals 1$/m);
});

function runs(program: string) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-foreground-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'program.mjs');
  writeFileSync(file, program);
  const starter = `import { runInForeground } from '${foreground}';
    process.exitCode = await runInForeground(${JSON.stringify(file)}, ['--port', '9000']);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const waiting = new Set<() => void>();
  parent.stdout.on('data', (chunk) => {
    text += chunk;
    for (const look of waiting) look();
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (pattern.test(text)) resolve();
      };
      waiting.add(look);
      look();
    });
  return { parent, output: () => text, until };
}
