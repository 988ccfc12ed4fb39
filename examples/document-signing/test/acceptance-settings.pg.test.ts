import { waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get } from '../acceptance/client/http.js';
import { createDocument } from '../acceptance/client/samples.js';
import { FRIEND, settings } from '../acceptance/gateway/settings.js';
import { whileFrozen } from '../acceptance/local/frozen-postgres.js';
import { LocalSystem } from '../acceptance/local/local-system.js';
import type { System } from '../acceptance/system.js';
import { buildProgram } from './support/program.js';

const PER_MINUTE = 300;
/** What of each service is down when its database is: that of search is behind the index. */
const PARTS = {
  document: 'database',
  signature: 'database',
  search: 'search',
  realtime: 'database',
  gateway: '"down":\\["',
};
let local: LocalSystem;

beforeAll(async () => {
  const env = { ALLOWED_ORIGINS: FRIEND, RATE_LIMIT: String(PER_MINUTE) };
  local = await LocalSystem.start({ program: await buildProgram('settings'), env });
}, 300_000);

afterAll(() => local?.[Symbol.asyncDispose](), 120_000);

const system = (): System => ({ ...local.addresses, databaseUrl: undefined });

if (process.platform === 'linux') {
  settings(system, PER_MINUTE);

  test('while the database does not answer, /health/ready is 503 and names it; /health/live is alive; then all is well again', {
    timeout: 180_000,
  }, async () => {
    const { id } = await createDocument(system);
    const services = ['document', 'signature', 'search', 'realtime', 'gateway'] as const;
    const ready = (name: (typeof services)[number]) => get(`${system()[name]}/health/ready`, { from: '127.0.0.7' });
    await whileFrozen(await local.postgresFolder(), async () => {
      for (const name of services) {
        const answer = await waitFor(
          async () => {
            const asked = await ready(name);
            return asked.status === 503 && asked;
          },
          { what: `${name} to be not ready`, timeoutMs: 60_000 },
        );
        expect(answer.text, name).toMatch(new RegExp(PARTS[name], 'i'));
        expect(answer.text).not.toMatch(/password|postgres:\/\//);
        expect((await get(`${system()[name]}/health/live`)).body).toEqual({ status: 'alive' });
      }
    });
    for (const name of services) {
      await waitFor(async () => (await ready(name)).status === 200, { what: `${name} to be ready`, timeoutMs: 60_000 });
    }
    expect((await get(`${system().document}/documents/${id}`)).status).toBe(200);
  });
}
