import { describe, expect, test } from 'vitest';
import { expect404, expect422, expectNoInside } from '../client/expect-422.js';
import { get, patch, post } from '../client/http.js';
import { createDocument, eventually, newSignature, sign, TIME, UUID, unknownId } from '../client/samples.js';
import type { UnderTest } from '../system.js';

/** One pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export function signing(system: UnderTest): void {
  const post_ = (given: unknown) => post(`${system().signature}/signatures`, given);
  const documentOf = async (id: string) => (await get(`${system().document}/documents/${id}`)).body;
  const signaturesOf = async (id: string) => (await get(`${system().signature}/documents/${id}/signatures`)).body;

  describe('POST /signatures', () => {
    test('201 and the signature; the document is signed at once, version 2', async () => {
      const { id } = await createDocument(system);
      const given = newSignature(id, { ip_address: '192.0.2.7' });
      const { status, body } = await post_(given);
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.stringMatching(UUID),
        document_id: id,
        signer_email: given['signer_email'],
        signer_name: 'Grace Hopper',
        signed_at: expect.stringMatching(TIME),
        ip_address: '192.0.2.7',
      });
      expect(await documentOf(id)).toMatchObject({ status: 'signed', version: 2 });
    });

    test.each(['pending', 'signed', 'whatever', '', null, 5])(
      'document_status %j is accepted and ignored',
      async (value) => {
        const { id } = await createDocument(system);
        await sign(system, id, { document_status: value });
        expect(await documentOf(id)).toMatchObject({ status: 'signed', version: 2 });
      },
    );

    test.each([
      ['none', undefined],
      ['a PNG in base64', PNG],
      ['a PNG as a data URL', `data:image/png;base64,${PNG}`],
      [
        'an SVG as a data URL',
        `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`,
      ],
      ['a placeholder', 'base64_encoded_signature_data'],
      ['a text', 'Grace Hopper, with her own hand ✒'],
      ['an empty text', ''],
      ['null', null],
      ['a data URL that is broken', 'data:image/png;base64,@@@'],
      ['1 MiB of text', 'x'.repeat(1_048_576)],
    ])('signature_data may be %s', async (_, signature_data) => {
      const { id } = await createDocument(system);
      await sign(system, id, { signature_data });
    });

    test('signature_data above 1 MiB is 422, and nobody has signed', async () => {
      const { id } = await createDocument(system);
      expect422(await post_(newSignature(id, { signature_data: 'x'.repeat(1_048_577) })), 'body', 'signature_data');
      expect(await signaturesOf(id)).toEqual([]);
      expect(await documentOf(id)).toMatchObject({ status: 'created', version: 1 });
    });

    test('an unknown document is 404 with its id, and leaves no row', async () => {
      const id = unknownId();
      const given = newSignature(id);
      expect404(await post_(given), `Document ${id} not found`);
      const { body } = await get(`${system().signature}/signatures?limit=100`);
      expect(body.filter(({ document_id }: { document_id: string }) => document_id === id)).toEqual([]);
    });

    test('twice by the same person is 409, whatever the case of the address, and the document has one signature', async () => {
      const { id } = await createDocument(system);
      await sign(system, id, { signer_email: 'grace@example.com' });
      for (const signer_email of ['grace@example.com', 'Grace@Example.com']) {
        const again = await post_(newSignature(id, { signer_email }));
        expect([again.status, again.body]).toEqual([409, { detail: expect.any(String) }]);
      }
      expect((await signaturesOf(id)).length).toBe(1);
      expect(await documentOf(id)).toMatchObject({ version: 2 });
    });

    test('of many at once by the same person, one is 201 and all others are 409', async () => {
      const { id } = await createDocument(system);
      const given = newSignature(id);
      const answers = await Promise.all(Array.from({ length: 10 }, () => post_(given)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
      expect((await signaturesOf(id)).length).toBe(1);
    });

    test('another person may sign a signed document', async () => {
      const { id } = await createDocument(system);
      await sign(system, id);
      await sign(system, id);
      expect((await signaturesOf(id)).length).toBe(2);
      expect(await documentOf(id)).toMatchObject({ status: 'signed' });
    });

    test('a cancelled document is 409, and has no signature', async () => {
      const { id } = await createDocument(system);
      await patch(`${system().document}/documents/${id}`, { status: 'cancelled' });
      expect((await post_(newSignature(id))).status).toBe(409);
      expect(await signaturesOf(id)).toEqual([]);
      expect(await documentOf(id)).toMatchObject({ status: 'cancelled', version: 2 });
    });

    test('a race to sign and to cancel ends with a signature on a signed document, or none on a cancelled one', async () => {
      for (let round = 0; round < 5; round += 1) {
        const { id } = await createDocument(system);
        await Promise.all([
          post_(newSignature(id)),
          patch(`${system().document}/documents/${id}`, { status: 'cancelled' }),
        ]);
        await eventually('one of the two outcomes', async () => {
          const [{ status }, signatures] = [await documentOf(id), await signaturesOf(id)];
          return status === (signatures.length === 1 ? 'signed' : 'cancelled');
        });
      }
    });

    test.each([
      ['no document_id', { document_id: undefined }, 'document_id'],
      ['a document_id that is no UUID', { document_id: '../x' }, 'document_id'],
      ['no signer_email', { signer_email: undefined }, 'signer_email'],
      ['a signer_email that is none', { signer_email: 'grace' }, 'signer_email'],
      ['no signer_name', { signer_name: undefined }, 'signer_name'],
      ['an empty signer_name', { signer_name: '' }, 'signer_name'],
      ['256 code points of signer_name', { signer_name: '🔑'.repeat(256) }, 'signer_name'],
      ['a number as signature_data', { signature_data: 5 }, 'signature_data'],
      ['an ip_address that is none', { ip_address: '999.1.1.1' }, 'ip_address'],
    ])('422 for %s', async (_, given, field) => {
      const { id } = await createDocument(system);
      expect422(await post_(newSignature(id, given)), 'body', field);
    });

    test('255 code points of signer_name are taken', async () => {
      const { id } = await createDocument(system);
      expect((await sign(system, id, { signer_name: '🔑'.repeat(255) })).signer_name).toBe('🔑'.repeat(255));
    });

    test('an IPv6 address is taken', async () => {
      const { id } = await createDocument(system);
      expect((await sign(system, id, { ip_address: '2001:db8::7' })).ip_address).toBe('2001:db8::7');
    });
  });

  describe('GET signatures', () => {
    test('GET /signatures/{id}: as it was made', async () => {
      const made = await sign(system, (await createDocument(system)).id);
      const { status, body } = await get(`${system().signature}/signatures/${made.id}`);
      expect([status, body]).toEqual([200, made]);
    });

    test('GET /documents/{id}/signatures: oldest first', async () => {
      const { id } = await createDocument(system);
      const made = [];
      for (let n = 0; n < 3; n += 1) made.push(await sign(system, id));
      expect(await signaturesOf(id)).toEqual(made);
    });

    test('GET /signatures?skip&limit: pages without gaps or repetition', async () => {
      const { id } = await createDocument(system);
      const made = new Set<string>();
      for (let n = 0; n < 3; n += 1) made.add((await sign(system, id)).id);
      const all = (await get(`${system().signature}/signatures?limit=5`)).body.map((one: { id: string }) => one.id);
      const pages = [];
      for (const skip of [0, 1, 2])
        pages.push(...(await get(`${system().signature}/signatures?skip=${skip}&limit=1`)).body);
      expect(pages.map(({ id }) => id)).toEqual(all.slice(0, 3));
    });

    test('an unknown signature is 404, what is no id 422, a wrong page 422', async () => {
      expect((await get(`${system().signature}/signatures/${unknownId()}`)).status).toBe(404);
      const odd = await get(`${system().signature}/signatures/not-an-id`);
      expectNoInside(odd);
      expect(odd.status).toBe(422);
      expect422(await get(`${system().signature}/signatures?limit=x`), 'query', 'limit');
      expect422(await get(`${system().signature}/signatures?skip=-1`), 'query', 'skip');
    });

    test('signatures of a deleted document are gone with it', async () => {
      const { id } = await createDocument(system);
      const made = await sign(system, id);
      await fetch(`${system().document}/documents/${id}`, { method: 'DELETE' });
      expect((await get(`${system().signature}/signatures/${made.id}`)).status).toBe(404);
    });
  });
}
