import { expect, test } from 'vitest';
import { mergeActivity, signatureOf } from '../page/src/document/activity.js';
import { membersOf } from '../page/src/document/presence.js';
import { byteSize } from '../page/src/format/byte-size.js';
import { contentTypeName } from '../page/src/format/content-type.js';
import { inWords, isLiveEvent, type LiveEvent } from '../page/src/live/event.js';
import { completionsOf } from '../page/src/search/completions.js';

const event = (offset: number, type = 'document.updated'): LiveEvent => ({
  type,
  data: { id: 'a' },
  timestamp: `2026-01-01T00:00:0${offset}Z`,
  offset,
});
const offsets = (events: readonly LiveEvent[]) => events.map(({ offset }) => offset);

test('a history has each event once, in the order of all, however it was put together', () => {
  expect(offsets(mergeActivity([event(1), event(4)], [event(4), event(2)]))).toEqual([1, 2, 4]);
  expect(offsets(mergeActivity([], [event(3), event(3)]))).toEqual([3]);
});

test('who is here is shown by e-mail, or by the name that the server has when it says no more', () => {
  const since = '2026-01-01T00:00:00Z';
  const members = [
    { id: '1', info: { email: 'ada@example.com' }, since },
    { id: '2', info: null, since },
  ];
  expect(membersOf({ channel: 'a', members, total: 2 }).map(({ email }) => email)).toEqual(['ada@example.com', '2']);
});

test('a signature is read from its event only when all of it is there', () => {
  const data = {
    signature_id: 's',
    document_id: 'a',
    signer_name: 'Ada',
    signer_email: 'ada@example.com',
    signed_at: '2026-01-01T00:00:00Z',
  };
  expect(signatureOf({ ...event(1, 'signature.added'), data })?.id).toBe('s');
  expect(signatureOf({ ...event(1, 'signature.added'), data: { signature_id: 's' } })).toBeUndefined();
});

test('messages that are no events are told apart, and events are told in words', () => {
  expect(isLiveEvent({ type: 'connection.established', data: {} })).toBe(false);
  expect(isLiveEvent('text')).toBe(false);
  expect(isLiveEvent(event(1))).toBe(true);
  expect(inWords({ ...event(1, 'signature.added'), data: { signer_name: 'Ada' } }, 'Deed')).toBe('Ada signed Deed');
  expect(inWords({ ...event(1, 'document.signed'), data: { title: 'Deed', new_status: 'signed' } })).toBe(
    'Deed is now signed',
  );
});

test('sizes are short', () => {
  expect([0, 1, 1_023, 1_536, 10_485_760].map(byteSize)).toEqual([
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '1.5 KiB',
    '10 MiB',
  ]);
});

test('a word that is not ended yet is ended as the suggestions end it', () => {
  const titles = ['Lease agreement', 'Agreements of all kinds', 'LEASE of an agricultural machine'];
  expect(completionsOf('agr', titles)).toEqual(['agreement', 'agreements', 'agricultural']);
  expect(completionsOf('Lease agri', titles)).toEqual(['lease agricultural']);
  expect(completionsOf('lease ', titles)).toEqual([]);
  expect(completionsOf('lease', titles)).toEqual([]);
});

test('content types that are called the same are told apart, in whatever order they come', () => {
  const types = [
    'text/plain; charset=utf-8',
    'text/plain',
    'text/markdown',
    'application/x-own;a=1',
    'application/x-own',
  ];
  expect(types.map((type) => contentTypeName(type, types))).toEqual([
    'Text (text/plain; charset=utf-8)',
    'Text',
    'Markdown',
    'application/x-own;a=1',
    'application/x-own',
  ]);
  expect(contentTypeName('text/plain; charset=utf-8', ['text/plain; charset=utf-8', 'text/html'])).toBe('Text');
});
