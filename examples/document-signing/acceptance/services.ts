import { describe, expect, test } from 'vitest';
import { expectNoInside } from './client/expect-422.js';
import { call, get } from './client/http.js';
import type { System, UnderTest } from './system.js';

const SERVICES = ['gateway', 'document', 'signature', 'search', 'realtime'] as const satisfies (keyof System)[];

export function everyService(system: UnderTest): void {
  describe.each(SERVICES)('the %s service', (name) => {
    const at = (path: string) => `${system()[name]}${path}`;

    test('GET /health/live → {"status":"alive"}', async () => {
      const { status, body } = await get(at('/health/live'));
      expect([status, body]).toEqual([200, { status: 'alive' }]);
    });

    test('GET /health/ready → {"status":"ready"}', async () => {
      const { status, body } = await get(at('/health/ready'));
      expect([status, body]).toEqual([200, { status: 'ready' }]);
    });

    test('GET /metrics is in the form of Prometheus', async () => {
      const { status, text, headers } = await get(at('/metrics'));
      expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
      expect(text).toMatch(/^# TYPE \w+ (counter|gauge|histogram|summary)$/m);
      expect(text).toMatch(/^\w+(\{[^}]*\})? [0-9.e+-]+$/m);
    });

    test('an unknown path is 404, an unknown method 404 or 405; never a stack trace', async () => {
      const answers = [await get(at('/no/such/path')), await call('PUT', at('/no/such/path'), { body: {} })];
      for (const answer of answers) {
        expectNoInside(answer);
        expect([404, 405]).toContain(answer.status);
      }
    });
  });

  test.each(['document', 'signature', 'search', 'realtime'] as const)(
    '/docs of the %s service shows its OpenAPI',
    async (name) => {
      expect((await get(`${system()[name]}/docs/json`)).body.openapi).toMatch(/^3\./);
      const page = await get(`${system()[name]}/docs/`);
      expect([page.status, page.headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/html/)]);
    },
  );
}
