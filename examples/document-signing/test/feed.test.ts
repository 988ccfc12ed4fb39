import { expect, test } from 'vitest';
import { applyPush, EMPTY_FEED, FEED_LIMIT, loadFeed } from '../page/src/feed/feed.js';
import type { FeedDocument } from '../src/changes/feed.js';
import { type Push, toPush } from '../src/changes/push.js';

const at = new Date('2026-01-01T00:00:00Z');
const documentAt = (version: number, changes: Partial<FeedDocument> = {}): FeedDocument => ({
  id: 'a',
  title: `title ${version}`,
  content_type: 'text/plain',
  content_size: 4,
  status: 'created',
  created_by: 'ada@example.com',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: `2026-01-01T00:00:0${version}.000Z`,
  version,
  ...changes,
});
const push = (before: FeedDocument | null, after: FeedDocument | null) => toPush(before, after, at) as Push;

const v1 = documentAt(1);
const v2 = documentAt(2);
const v3 = documentAt(3, { title: 'title 2', status: 'signed' });
const history = [push(null, v1), push(v1, v2), push(v2, v3), push(v3, null)];

test('a change of status is told by the name that it has', () => {
  const to = (status: FeedDocument['status']) => push(v1, documentAt(2, { status })).type;
  expect([to('sent'), to('viewed'), to('signed'), to('archived'), to('created')]).toEqual([
    'document.sent',
    'document.viewed',
    'document.signed',
    'document.status_changed',
    'document.updated',
  ]);
  expect(push(v2, v3).data).toEqual({
    id: 'a',
    title: 'title 2',
    old_status: 'created',
    new_status: 'signed',
    version: 3,
    updated_at: v3.updated_at,
  });
});

test('pushes in order make the list as it is', () => {
  const states = history.map((_, index) => history.slice(0, index + 1).reduce(applyPush, EMPTY_FEED).documents);
  expect(states).toEqual([[v1], [v2], [v3], []]);
});

test('from whatever state the list was loaded, all pushes since then lead to the same end', () => {
  const states = [[], [v1], [v2], [v3], []];
  for (let loadedAt = 0; loadedAt < states.length; loadedAt++) {
    for (let since = 0; since <= loadedAt; since++) {
      const feed = loadFeed(EMPTY_FEED, states[loadedAt] ?? [], history.slice(since, 3));
      if (loadedAt < 4) expect(feed.documents).toEqual([v3]);
      expect(loadFeed(EMPTY_FEED, states[loadedAt] ?? [], history.slice(since)).documents).toEqual([]);
    }
  }
});

test('a push that comes again, or late, changes nothing', () => {
  const feed = [push(null, v1), push(v1, v2), push(v2, v3)].reduce(applyPush, EMPTY_FEED);
  for (const old of history.slice(0, 3)) expect(applyPush(feed, old)).toBe(feed);
  const gone = applyPush(feed, push(v3, null));
  for (const old of history) expect(applyPush(gone, old)).toBe(gone);
});

test('the list is newest first, and no longer than the page shows', () => {
  let feed = EMPTY_FEED;
  for (let n = 0; n < FEED_LIMIT + 5; n++) {
    const created_at = new Date(Date.UTC(2026, 0, 1) + ((n * 7) % (FEED_LIMIT + 5))).toISOString();
    feed = applyPush(feed, push(null, documentAt(1, { id: String(n), created_at })));
  }
  expect(feed.documents.length).toBe(FEED_LIMIT);
  const times = feed.documents.map(({ created_at }) => created_at);
  expect(times).toEqual([...times].sort().reverse());
});
