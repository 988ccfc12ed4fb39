import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isComponentError } from '@sluice/contracts';
import { afterEach, expect, test, vi } from 'vitest';
import { loadSnippet } from './load-snippet.js';
import { snippets } from './snippets.js';

afterEach(() => vi.unstubAllEnvs());

const page = 'docs/lifecycle.md';
const code = snippets().find((snippet) => snippet.page === page && snippet.code.includes('defineConfig({'))?.code ?? '';

test('the configuration of docs/lifecycle.md is read from the environment', async () => {
  vi.stubEnv('SHOP_PORT', '4000');
  vi.stubEnv('SHOP_DATABASE_URL', 'postgres://localhost/shop');
  vi.stubEnv('CONSOLE_KEY', '12345678');
  expect(await loadSnippet(code, 'export { port };')).toMatchObject({ port: 4000 });
});

test('its error is the one on the page', async () => {
  const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8');
  const [, shown] = /```\n(CONFIG_INVALID:[^`]*)\n```/.exec(text) ?? [];
  vi.stubEnv('SHOP_PORT', 'many');
  vi.stubEnv('CONSOLE_KEY', 'short');
  const error: unknown = await loadSnippet(code).catch((rejection: unknown) => rejection);
  expect(isComponentError(error) && error.message).toBe(shown);
});
