import { describe, expect, test } from 'vitest';
import { expect422, expectNoInside } from '../client/expect-422.js';
import { get, patch, post } from '../client/http.js';
import { createDocument, newSignature } from '../client/samples.js';
import type { UnderTest } from '../system.js';

export const STATUSES = ['created', 'sent', 'viewed', 'signed', 'archived', 'cancelled', 'completed'];

export function changingDocuments(system: UnderTest): void {
  const at = (id: string) => `${system().document}/documents/${id}`;
  const change = (id: string, to: object, version?: number | string) =>
    patch(at(id), to, version === undefined ? undefined : { 'if-match': String(version) });
  const versionOf = async (id: string) => (await get(at(id))).body.version;

  describe('PATCH /documents/{id}', () => {
    test('title, status, or both: version + 1, updated_at later, the rest as it was', async () => {
      const made = await createDocument(system);
      const renamed = (await change(made.id, { title: 'Lease 2' })).body;
      expect(renamed).toEqual({ ...made, title: 'Lease 2', version: 2, updated_at: renamed.updated_at });
      expect(Date.parse(renamed.updated_at)).toBeGreaterThanOrEqual(Date.parse(made.updated_at));
      const both = (await change(made.id, { title: 'Lease 3', status: 'sent' })).body;
      expect(both).toMatchObject({ title: 'Lease 3', status: 'sent', version: 3 });
      expect((await get(at(made.id))).body).toEqual(both);
    });

    test.each([
      ['an empty title', { title: '' }, 'title'],
      ['a title of 256 code points', { title: 'é'.repeat(256) }, 'title'],
      ['an unknown status', { status: 'burnt' }, 'status'],
      ['a status in upper case', { status: 'SENT' }, 'status'],
      ['a number as status', { status: 1 }, 'status'],
    ])('422 for %s, and nothing is changed', async (_, to, field) => {
      const { id } = await createDocument(system);
      expect422(await change(id, to), 'body', field);
      expect(await versionOf(id)).toBe(1);
    });

    test('a change of nothing is no 500, and no new version without a change', async () => {
      const { id } = await createDocument(system);
      expectNoInside(await change(id, {}));
    });

    describe('a transition table decides which status may follow which', () => {
      test.each([
        [['sent', 'viewed', 'signed', 'completed', 'archived']],
        [['signed', 'archived']],
        [['sent', 'signed', 'completed']],
        [['cancelled', 'archived']],
      ])('%j may follow one another', async (statuses) => {
        const { id } = await createDocument(system);
        for (const status of statuses) expect((await change(id, { status })).body).toMatchObject({ status });
        expect(await versionOf(id)).toBe(1 + statuses.length);
      });

      test.each([
        [['signed'], 'created'],
        [['signed'], 'sent'],
        [['signed'], 'cancelled'],
        [['cancelled'], 'signed'],
        [['cancelled'], 'sent'],
        [['signed', 'completed'], 'signed'],
        [['archived'], 'created'],
        [['archived'], 'sent'],
        [[], 'completed'],
      ])('after %j, %s is 409, and nothing is changed', async (before, status) => {
        const { id } = await createDocument(system);
        for (const step of before) expect((await change(id, { status: step })).status).toBe(200);
        const answer = await change(id, { title: 'not taken', status });
        expect([answer.status, answer.body]).toEqual([409, { detail: expect.any(String) }]);
        const { body } = await get(at(id));
        expect(body).toMatchObject({ status: before.at(-1) ?? 'created', version: 1 + before.length });
        expect(body.title).not.toBe('not taken');
      });
    });

    describe('If-Match: <version>', () => {
      test('the current one: changed; a stale one: 412, and nothing is changed', async () => {
        const { id } = await createDocument(system);
        expect((await change(id, { title: 'two' }, 1)).body).toMatchObject({ title: 'two', version: 2 });
        const stale = await change(id, { title: 'three' }, 1);
        expect([stale.status, stale.body]).toEqual([412, { detail: expect.any(String) }]);
        expect((await change(id, { title: 'three' }, 3)).status).toBe(412);
        expect((await get(at(id))).body).toMatchObject({ title: 'two', version: 2 });
      });

      test('what is no version is 422, or 412; never taken', async () => {
        const { id } = await createDocument(system);
        for (const version of ['x', '-1', '1.5', '99999999999999999999', '1; DROP TABLE']) {
          const answer = await change(id, { title: 'two' }, version);
          expectNoInside(answer);
          expect([412, 422]).toContain(answer.status);
        }
        expect(await versionOf(id)).toBe(1);
      });

      test('of many at once with one version, one succeeds and all others get 412', async () => {
        const { id } = await createDocument(system);
        const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => change(id, { title: `T${n}` }, 1)));
        const won = answers.filter(({ status }) => status === 200);
        expect(won.length).toBe(1);
        expect(answers.filter(({ status }) => status === 412).length).toBe(19);
        expect((await get(at(id))).body).toEqual(won[0]?.body);
      });
    });

    test('without If-Match concurrent changes serialise: version = 1 + the number of successes', async () => {
      const { id } = await createDocument(system);
      const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => change(id, { title: `T${n}` })));
      const successes = answers.filter(({ status }) => status === 200);
      expect(successes.length).toBe(40);
      const versions = successes.map(({ body }) => body.version).sort((a, b) => a - b);
      expect(versions).toEqual(Array.from({ length: 40 }, (_, n) => n + 2));
      const last = successes.find(({ body }) => body.version === 41);
      expect((await get(at(id))).body).toEqual(last?.body);
    });

    test('of a race to sign and to cancel, one wins and the other is 409', async () => {
      for (let round = 0; round < 5; round += 1) {
        const { id } = await createDocument(system);
        const [signed, cancelled] = await Promise.all([
          change(id, { status: 'signed' }),
          change(id, { status: 'cancelled' }),
        ]);
        const statuses = [signed.status, cancelled.status].sort();
        expect(statuses).toEqual([200, 409]);
        expect(await versionOf(id)).toBe(2);
      }
    });

    test('changes by PATCH, by gRPC through a signature, and by a second PATCH lose nothing', async () => {
      const { id } = await createDocument(system);
      const [first, signature, second] = await Promise.all([
        change(id, { title: 'one' }),
        post(`${system().signature}/signatures`, newSignature(id)),
        change(id, { title: 'two' }),
      ]);
      expect([first.status, signature.status, second.status]).toEqual([200, 201, 200]);
      expect((await get(at(id))).body).toMatchObject({ version: 4, status: 'signed' });
    });
  });
}
