import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { beforeAll, expect, test } from 'vitest';

const CONFIG = fileURLToPath(new URL('../vite.config.ts', import.meta.url));

/** What the first visit loads, in bytes as they are sent. PDFs and the paper to sign on are loaded when they are needed. */
const BUDGET = { script: 60_000, style: 10_000 };

let files: Rolldown.RolldownOutput['output'];
beforeAll(async () => {
  const built = (await build({
    configFile: CONFIG,
    logLevel: 'error',
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  files = built.output;
}, 120_000);

const size = (text: string | Uint8Array) => gzipSync(text).length;

test('the page stays light: its first script below 60 kB, its style below 10 kB', () => {
  const scripts = files.filter((file) => file.type === 'chunk' && file.isEntry);
  const styles = files.filter((file) => file.fileName.endsWith('.css'));
  const script = scripts.reduce((sum, file) => sum + (file.type === 'chunk' ? size(file.code) : 0), 0);
  const style = styles.reduce((sum, file) => sum + (file.type === 'asset' ? size(file.source) : 0), 0);
  expect(script).toBeGreaterThan(0);
  expect(script).toBeLessThan(BUDGET.script);
  expect(style).toBeLessThan(BUDGET.style);
});

test('nothing stands inline in the page, so its policy can be strict, and nothing comes from elsewhere', () => {
  const html = files.find(({ fileName }) => fileName === 'index.html');
  const text = html?.type === 'asset' ? String(html.source) : '';
  expect(text).toContain('<script type="module"');
  expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
  expect(text.match(/(?:src|href)="(?:https?:)?\/\/[^"]*/g)).toBeNull();
});
