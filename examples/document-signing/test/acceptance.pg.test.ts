import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptance } from '../acceptance/acceptance.js';
import { LocalSystem } from '../acceptance/local/local-system.js';
import type { System } from '../acceptance/system.js';
import { buildProgram } from './support/program.js';

// The program as `npm start` runs it, by its addresses alone. The same tests run on any system: npm run acceptance -- --url …
let local: LocalSystem | undefined;
let system: System | undefined;

beforeAll(async () => {
  local = await LocalSystem.start({ program: await buildProgram('acceptance'), env: { LOG_LEVEL: 'debug' } });
  system = { ...local.addresses, databaseUrl: await local.databaseUrl() };
}, 300_000);

afterAll(() => local?.[Symbol.asyncDispose](), 120_000);

acceptance(
  () => {
    if (system === undefined) throw new Error('the system was not started');
    return system;
  },
  { database: true, jwtSecret: true, local: process.platform === 'linux' },
);

test('after all of it, nothing that it said holds a secret', () => {
  const said = local?.output ?? '';
  expect(said.length).toBeGreaterThan(1_000);
  const password = decodeURIComponent(new URL(system?.databaseUrl ?? '').password);
  for (const secret of [system?.jwtSecret ?? '-', password]) expect(said.includes(secret)).toBe(false);
  // A token begins so; what people wrote is no business of a log either.
  for (const text of ['eyJhbGciOi', 'base64_encoded_signature_data', 'Between the parties']) {
    const at = said.indexOf(text);
    expect(at < 0 ? '' : said.slice(Math.max(0, at - 200), at + 40)).toBe('');
  }
});
