import { describe, expect, test } from 'vitest';
import { expect422 } from '../client/expect-422.js';
import { createTold, Feed, token } from '../client/feed.js';
import { get, patch, remove } from '../client/http.js';
import { createDocument, eventually, newWord, sign, TIME } from '../client/samples.js';
import type { UnderTest } from '../system.js';

export function realtime(system: UnderTest): void {
  const update = (id: string, to: object) => patch(`${system().document}/documents/${id}`, to);

  describe('GET /auth/token', () => {
    test('{access_token, token_type:"bearer", user_id, email}; the token is HS256 {sub,email,iat,exp}', async () => {
      const { status, body } = await get(`${system().realtime}/auth/token?user_id=ada&email=ada@example.com`);
      expect([status, body]).toEqual([
        200,
        { access_token: expect.any(String), token_type: 'bearer', user_id: 'ada', email: 'ada@example.com' },
      ]);
      const [header, claims] = body.access_token
        .split('.')
        .slice(0, 2)
        .map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()));
      expect(header.alg).toBe('HS256');
      expect(claims).toMatchObject({
        sub: 'ada',
        email: 'ada@example.com',
        iat: expect.any(Number),
        exp: expect.any(Number),
      });
      expect(claims.exp).toBeGreaterThan(claims.iat);
    });

    test('422 without user_id, without email', async () => {
      expect422(await get(`${system().realtime}/auth/token?email=ada@example.com`), 'query', 'user_id');
      expect422(await get(`${system().realtime}/auth/token?user_id=ada`), 'query', 'email');
    });
  });

  describe('WS /ws/{document_id}', () => {
    test('the first message is connection.established, with who and what', async () => {
      const { id } = await createDocument(system);
      const feed = await Feed.open(system, { path: `/ws/${id}` });
      expect(feed.messages[0]).toMatchObject({
        type: 'connection.established',
        data: { document_id: id, user_id: 'ada', email: 'ada@example.com', message: expect.any(String) },
      });
    });

    test('at the realtime service itself as well, and with the token in Sec-WebSocket-Protocol', async () => {
      const { id } = await createDocument(system);
      for (const at of [system().realtime, system().gateway]) {
        const feed = await Feed.open(system, { path: `/ws/${id}`, by: 'protocol', at });
        expect(feed.messages[0]).toMatchObject({ type: 'connection.established', data: { user_id: 'ada' } });
      }
    });

    test.each([
      ['no token', null],
      ['an empty one', ''],
      ['a word', 'x'],
      ['three words', 'a.b.c'],
    ])('%s: closed with 1008, or 401 at the handshake', async (_, given) => {
      const { id } = await createDocument(system);
      for (const by of ['address', 'protocol'] as const) {
        if (given === '' && by === 'protocol') continue; // no such subprotocol
        const feed = await Feed.connect(system, { path: `/ws/${id}`, token: given, by });
        expect([1008, 401]).toContain(await feed.ended);
        expect(feed.events).toEqual([]);
      }
    });

    test('{type,data,timestamp} of every kind of change, in the order of commits', async () => {
      const made = await createTold(system);
      const feed = await Feed.open(system, { path: `/ws/${made.id}` });
      const { title } = (await update(made.id, { title: `Of ${newWord()}` })).body;
      for (const status of ['sent', 'viewed']) await update(made.id, { status });
      const signature = await sign(system, made.id);
      await update(made.id, { status: 'completed' });
      await remove(`${system().document}/documents/${made.id}`);
      await feed.until('the deletion', (messages) => messages.at(-1)?.type === 'document.deleted');
      expect(feed.types).toEqual([
        'document.updated',
        'document.sent',
        'document.viewed',
        'signature.added',
        'document.signed',
        'document.status_changed',
        'document.deleted',
      ]);
      for (const { type, timestamp } of feed.events) {
        expect(type).toMatch(/^(document|signature)\.[a-z_]+$/);
        expect(timestamp).toMatch(TIME);
      }
      const [updated, sent, viewed, added, signed, changed, deleted] = feed.events.map(({ data }) => data);
      expect(updated).toMatchObject({ id: made.id, title, version: 2 });
      const change = (old_status: string, new_status: string, version: number) => ({
        id: made.id,
        title,
        old_status,
        new_status,
        version,
      });
      expect(sent).toMatchObject(change('created', 'sent', 3));
      expect(viewed).toMatchObject(change('sent', 'viewed', 4));
      expect(signed).toMatchObject(change('viewed', 'signed', 5));
      expect(changed).toMatchObject(change('signed', 'completed', 6));
      const { id, signer_name, signer_email, signed_at } = signature;
      expect(added).toMatchObject({ signature_id: id, document_id: made.id, signer_name, signer_email });
      expect(Date.parse(added.signed_at)).toBe(Date.parse(signed_at));
      expect(deleted).toMatchObject({ id: made.id });
    });

    test('of another document nothing is told', async () => {
      const [mine, other] = [await createTold(system), await createTold(system)];
      const feed = await Feed.open(system, { path: `/ws/${mine.id}` });
      await update(other.id, { title: 'other' });
      await update(mine.id, { title: 'mine' });
      await feed.count(1);
      expect(feed.events.map(({ data }) => data.id)).toEqual([mine.id]);
    });

    test('without an offset live only; with offset=0 from its beginning, then live', async () => {
      const { id } = await createDocument(system);
      await update(id, { status: 'sent' });
      const all = await Feed.open(system, { path: `/ws/${id}`, offset: 0 });
      await all.count(2);
      const live = await Feed.open(system, { path: `/ws/${id}` });
      await update(id, { status: 'viewed' });
      await Promise.all([all.count(3), live.count(1)]);
      expect(all.types).toEqual(['document.created', 'document.sent', 'document.viewed']);
      expect(live.types).toEqual(['document.viewed']);
    });

    test('every message of a document has an offset, and they grow', async () => {
      const { id } = await createDocument(system);
      for (let n = 0; n < 3; n += 1) await update(id, { title: `T${n}` });
      const feed = await Feed.open(system, { path: `/ws/${id}`, offset: 0 });
      await feed.count(4);
      const offsets = feed.events.map(({ offset }) => Number(offset));
      expect(offsets.every((offset, at) => Number.isFinite(offset) && offset > (offsets[at - 1] ?? 0))).toBe(true);
    });

    test('who reconnects with the last offset gets what was missed, each event once', async () => {
      const { id } = await createDocument(system);
      let feed = await Feed.open(system, { path: `/ws/${id}`, offset: 0 });
      await feed.count(1);
      const seen = [...feed.events];
      for (let round = 0; round < 5; round += 1) {
        feed.close();
        for (let n = 0; n < 3; n += 1) await update(id, { title: `${round}.${n}` });
        feed = await Feed.open(system, { path: `/ws/${id}`, offset: seen.at(-1).offset });
        await update(id, { title: `${round}.live` });
        await feed.count(4);
        seen.push(...feed.events);
      }
      expect(seen.map(({ data }) => data.version)).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
    });

    test('many connections are told the same', async () => {
      const { id } = await createTold(system);
      const given = await token(system);
      const feeds = await Promise.all(
        Array.from({ length: 20 }, () => Feed.open(system, { path: `/ws/${id}`, token: given })),
      );
      for (let n = 0; n < 5; n += 1) await update(id, { title: `T${n}` });
      await Promise.all(feeds.map((feed) => feed.count(5)));
      for (const feed of feeds) expect(feed.events.map(({ data }) => data.version)).toEqual([2, 3, 4, 5, 6]);
    });

    test('{"type":"ping"} is answered with pong and the time', async () => {
      const { id } = await createDocument(system);
      const feed = await Feed.open(system, { path: `/ws/${id}` });
      feed.send({ type: 'ping' });
      await feed.until('pong', (messages) => messages.some(({ type }) => type === 'pong'));
      expect(feed.messages).toContainEqual({ type: 'pong', timestamp: expect.stringMatching(TIME) });
    });

    test('bad JSON is answered with an error, and the connection lives', async () => {
      const { id } = await createDocument(system);
      const feed = await Feed.open(system, { path: `/ws/${id}` });
      feed.send('{"type": ');
      await feed.until('the error', (messages) => messages.some(({ type }) => type === 'error'));
      expect(feed.messages).toContainEqual({ type: 'error', message: 'Invalid JSON' });
      feed.send({ type: 'ping' });
      await feed.until('pong', (messages) => messages.some(({ type }) => type === 'pong'));
    });

    test('other messages that nobody knows do no harm', async () => {
      const { id } = await createDocument(system);
      const feed = await Feed.open(system, { path: `/ws/${id}` });
      for (const message of ['[]', 'null', '5', '{}', '{"type":5}', '{"type":"__proto__"}', '{"type":"burn"}'])
        feed.send(message);
      feed.send({ type: 'ping' });
      await feed.until('pong', (messages) => messages.some(({ type }) => type === 'pong'));
    });
  });

  describe('WS /ws?channel=documents', () => {
    test('the feed of all documents, signatures included', async () => {
      const feed = await Feed.open(system, { path: '/ws?channel=documents' });
      const made = await createDocument(system);
      await sign(system, made.id);
      const ours = () =>
        feed.events.filter(({ data }) => (data.document_id ?? data.id) === made.id).map(({ type }) => type);
      await feed.until('the signing', () => ours().includes('document.signed'));
      expect(ours()).toEqual(['document.created', 'signature.added', 'document.signed']);
      const created = feed.events.find(({ data }) => data.id === made.id);
      expect(created.data).toMatchObject({ id: made.id, title: made.title, status: 'created', version: 1 });
    });

    test('goes on after an offset', async () => {
      const first = await Feed.open(system, { path: '/ws?channel=documents' });
      const a = await createDocument(system);
      await first.until('the document', () => first.events.some(({ data }) => data.id === a.id));
      const { offset } = first.events.find(({ data }) => data.id === a.id);
      first.close();
      const b = await createDocument(system);
      const second = await Feed.open(system, { path: '/ws?channel=documents', offset });
      await second.until('the document', () => second.events.some(({ data }) => data.id === b.id));
      expect(second.events.filter(({ data }) => data.id === a.id)).toEqual([]);
      expect(second.events.filter(({ data }) => data.id === b.id).length).toBe(1);
    });
  });

  describe('GET /stats', () => {
    test('connections, channels, sent, dropped', async () => {
      const { id } = await createDocument(system);
      const stats = async () => (await get(`${system().realtime}/stats`)).body;
      const before = await stats();
      expect(before).toMatchObject({
        connections: expect.any(Number),
        channels: expect.any(Number),
        sent: expect.any(Number),
        dropped: expect.any(Number),
      });
      const feed = await Feed.open(system, { path: `/ws/${id}` });
      await update(id, { title: 'x' });
      await feed.count(1);
      await eventually('one more connection', async () => (await stats()).connections > 0);
      expect((await stats()).sent).toBeGreaterThan(before.sent);
      feed.close();
    });
  });
}
