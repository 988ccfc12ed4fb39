import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';

// A process of its own, for it ends the process.
const folder = fileURLToPath(new URL('.', import.meta.url));

async function start(parts: string, options = '{}') {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { app, memoryCheckpoints, memorySink, memorySource, pipeline, runMain } from '@sluice/runtime';
        const source = memorySource();
        source.push({ key: 'a', data: 1 });
        const orders = (sink = memorySink()) =>
          pipeline('orders').from(source).to(sink, { checkpoints: memoryCheckpoints() });
        const hanging = { name: 'hanging', features: { delivery: 'plain' }, open: async () => ({
          write: () => new Promise(() => {}), async [Symbol.asyncDispose]() {} }) };
        const told = { name: 'told', start: () => console.log('up') };
        await runMain(app({ name: 'shop', parts: [${parts}, told], ...${options} }));`,
      resolveDir: folder,
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@sluice/source'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
  });
  const child = spawn(process.execPath, ['--input-type=module'], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.end(outputFiles[0]?.text);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, ended, errors: () => errors };
}

const up = (child: ChildProcess) => new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));

test('SIGTERM drains and ends the process with 0', { timeout: 60_000 }, async () => {
  const { child, ended, errors } = await start('orders()');
  await up(child);
  child.kill('SIGTERM');
  expect([await ended, errors()]).toEqual([0, '']);
});

test('a part that fails ends the process with 1, its code and its advice', { timeout: 60_000 }, async () => {
  const { ended, errors } = await start(`orders(), { name: 'http', start() { throw new Error('no port') } }`);
  expect(await ended).toBe(1);
  expect(errors()).toContain('shop: APP_PART_FAILED: http: no port');
});

test('a second signal ends the process at once, with its number', { timeout: 60_000 }, async () => {
  const { child, ended, errors } = await start('orders(hanging)', '{ drainTimeoutMs: 600_000 }');
  await up(child);
  child.kill('SIGINT');
  await new Promise<void>((resolve) => {
    // Signals of one kind that come at once count as one: again until it has ended.
    const again = setInterval(() => child.kill('SIGINT'), 100);
    void ended.then(() => {
      clearInterval(again);
      resolve();
    });
  });
  expect(await ended).toBe(130);
  expect(errors()).toContain('given up at a second signal: orders was not closed');
});
