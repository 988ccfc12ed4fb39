import { expect, test } from 'vitest';
import type { Document } from '../page/src/api/document.js';
import {
  addDocuments,
  applyEvent,
  EMPTY_LIBRARY,
  KNOWN_DOCUMENTS,
  type Library,
  loadLibrary,
  newestFirst,
} from '../page/src/library/library.js';
import type { LiveEvent } from '../page/src/live/event.js';

const at = (version: number, changes: Partial<Document> = {}): Document => ({
  id: 'a',
  title: `title ${version}`,
  content_type: 'text/plain',
  content_size: 4,
  s3_key: 'a/content',
  status: 'created',
  created_by: 'ada@example.com',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: `2026-01-01T00:00:0${version}.000Z`,
  version,
  ...changes,
});
const event = (type: string, data: LiveEvent['data']): LiveEvent => ({ type, data, timestamp: '2026-01-01T00:00:00Z' });

const history = [
  event('document.created', at(1)),
  event('document.updated', at(2)),
  event('document.signed', { id: 'a', title: 'title 2', old_status: 'created', new_status: 'signed', version: 3 }),
  event('document.deleted', { id: 'a' }),
];
const shown = ({ documents }: Library) =>
  [...documents.values()].map(({ title, status, version }) => `${title} ${status} ${version}`);
const after = (events: readonly LiveEvent[], from = EMPTY_LIBRARY) => events.reduce(applyEvent, from);

test('a document is as its last event says, whatever comes twice or late', () => {
  expect(shown(after(history.slice(0, 3)))).toEqual(['title 2 signed 3']);
  expect(shown(after([...history.slice(0, 3), ...history.slice(0, 3)]))).toEqual(['title 2 signed 3']);
  expect(shown(after([history[0], history[2], history[1]] as LiveEvent[]))).toEqual(['title 2 signed 3']);
  expect(shown(after([...history, ...history.slice(0, 3)]))).toEqual([]);
});

test('what was told while the list was loading is applied to what was loaded, and nothing of before stays', () => {
  const old = after([event('document.created', at(1, { id: 'gone' }))]);
  expect(shown(loadLibrary(old, [at(2)], history.slice(0, 3)))).toEqual(['title 2 signed 3']);
  expect(shown(loadLibrary(old, [at(2)], history))).toEqual([]);
});

test('an event that says too little of an unknown document changes nothing; neither does one of a signature', () => {
  expect(after([history[2] as LiveEvent])).toEqual(EMPTY_LIBRARY);
  expect(after([event('signature.added', { document_id: 'a', signature_id: 's' })])).toBe(EMPTY_LIBRARY);
});

test('an answer that is older than what the feed told is not taken, nor is one of a deleted document', () => {
  expect(shown(addDocuments(after(history.slice(0, 3)), [at(2)]))).toEqual(['title 2 signed 3']);
  expect(shown(addDocuments(after(history), [at(3)]))).toEqual([]);
});

test('each change that the page saw is counted, for the row to flash', () => {
  expect(after(history.slice(0, 3)).changes.get('a')).toBe(3);
  expect(addDocuments(EMPTY_LIBRARY, [at(1)]).changes.size).toBe(0);
});

test('the newest comes first, those of one time by their ids', () => {
  const older = at(1, { id: 'c', created_at: '2025-12-31T00:00:00.000Z' });
  const sorted = [older, at(1, { id: 'a' }), at(1, { id: 'b' })].sort(newestFirst);
  expect(sorted.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
});

test('a page that is open for long does not grow: the oldest goes when others make more, what was asked for stays', () => {
  const made = (number: number) =>
    at(1, { id: String(number), created_at: new Date(Date.UTC(2026, 0, 1) + number).toISOString() });
  const many = Array.from({ length: KNOWN_DOCUMENTS + 50 }, (_, number) => made(number));
  const told = after(many.map((document) => event('document.created', document)));
  expect(told.documents.size).toBe(KNOWN_DOCUMENTS);
  expect(told.documents.has('49')).toBe(false);
  expect(told.documents.has(String(KNOWN_DOCUMENTS + 49))).toBe(true);
  const asked = addDocuments(told, many);
  expect(asked.documents.size).toBe(KNOWN_DOCUMENTS + 50);
  expect(applyEvent(asked, event('document.updated', { ...made(3), version: 2 })).documents.size).toBe(
    asked.documents.size,
  );
});
