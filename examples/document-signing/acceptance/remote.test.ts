import { acceptance } from './acceptance.js';
import { addressesFrom } from './local/addresses.js';
import type { System } from './system.js';

// On a system that runs already; `run.mjs` puts the command line into these variables.
const given = (name: string) => process.env[`ACCEPTANCE_${name}`]?.replace(/\/$/, '');
const gateway = given('URL') ?? 'http://127.0.0.1:8000';
const followed = addressesFrom(gateway);
const system: System = {
  gateway,
  document: given('DOCUMENT_URL') ?? followed.document,
  signature: given('SIGNATURE_URL') ?? followed.signature,
  search: given('SEARCH_URL') ?? followed.search,
  realtime: given('REALTIME_URL') ?? followed.realtime,
  grpc: given('GRPC') ?? followed.grpc,
  databaseUrl: given('DATABASE_URL'),
  jwtSecret: given('JWT_SECRET'),
};
const local = process.platform === 'linux' && ['127.0.0.1', 'localhost'].includes(new URL(gateway).hostname);

acceptance(() => system, {
  database: system.databaseUrl !== undefined,
  jwtSecret: system.jwtSecret !== undefined,
  local,
});
