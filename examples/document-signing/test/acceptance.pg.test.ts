import { afterAll, beforeAll } from 'vitest';
import { acceptance } from '../acceptance/acceptance.js';
import { LocalSystem } from '../acceptance/local/local-system.js';
import type { System } from '../acceptance/system.js';
import { buildProgram } from './support/program.js';

// The program as `npm start` runs it, by its addresses alone. The same tests run on any system: npm run acceptance -- --url …
let local: LocalSystem | undefined;
let system: System | undefined;

beforeAll(async () => {
  local = await LocalSystem.start({ program: await buildProgram('acceptance') });
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
