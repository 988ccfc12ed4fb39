import { expect, test } from 'vitest';
import { Envelope, type EventOrigin } from '../src/index.js';

const origin: EventOrigin = {
  source: '/test',
  type: () => 'created',
  id: (ordinal) => `id-${ordinal}`,
  key: (_, record) => (record as { id: string }).id,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({ trace: 't' }),
};

test('a mapped envelope keeps the identity, key and version of the event it came from', () => {
  const mapped = new Envelope({ id: 'a', n: 1 }, origin, 7).with({ other: true });
  expect([mapped.id, mapped.key, mapped.version.value]).toEqual(['id-7', 'a', 7n]);
});

test('toJSON is complete: every CloudEvents attribute, and values that JSON has no form for', () => {
  const event = new Envelope({ id: 'a', big: 2n ** 60n, bytes: new Uint8Array([1, 2]) }, origin, 7);
  expect(JSON.parse(JSON.stringify(event))).toEqual({
    specversion: '1.0',
    id: 'id-7',
    type: 'created',
    source: '/test',
    time: '1970-01-01T00:00:00.000Z',
    key: 'a',
    epoch: 'e',
    version: '7',
    headers: { trace: 't' },
    data: { id: 'a', big: '1152921504606846976', bytes: { base64: 'AQI=' } },
  });
});

test('overrides add up: headers are joined, id suffixes follow each other', () => {
  const event = new Envelope({ id: 'a' }, origin, 1)
    .with(null, { idSuffix: 'old', headers: { a: '1' } })
    .with(null, { idSuffix: '2', headers: { b: '2' }, key: 'k' });
  expect(event.id).toBe('id-1#old#2');
  expect(event.key).toBe('k');
  expect(event.headers).toEqual({ trace: 't', a: '1', b: '2' });
});
