import fc from 'fast-check';
import { expect, test } from 'vitest';
import { carryTrace, Envelope, type EventOrigin, traceContextOf } from '../src/index.js';

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

test.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`],
  ['a span id of zeros', `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`],
  ['upper case', traceparent.toUpperCase()],
  ['the forbidden version', traceparent.replace('00-', 'ff-')],
  ['version 00 with more behind it', `${traceparent}-x`],
  ['a line break and another header', `${traceparent}\r\nCookie: a`],
  ['a line break at the end', `${traceparent}\n`],
  ['something that is no text', 7],
])('%s is no trace context', (_, value) => {
  expect(traceContextOf({ traceparent: value })).toBeUndefined();
});

test('a context of a later version may have more fields', () => {
  const later = `01-${traceparent.slice(3)}-more`;
  expect(traceContextOf({ traceparent: later })).toEqual({ traceparent: later });
});

test('a tracestate that is too long or not printable is left out', () => {
  expect(traceContextOf({ traceparent, tracestate: 'a=1,b=2' })).toEqual({ traceparent, tracestate: 'a=1,b=2' });
  for (const tracestate of ['', 'a=1\r\nCookie: a', 'x'.repeat(513), 7]) {
    expect(traceContextOf({ traceparent, tracestate })).toEqual({ traceparent });
  }
});

test('whatever the headers hold, nothing but a context comes of it', { timeout: 60_000 }, () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(traceparent), fc.anything());
  fc.assert(
    fc.property(anything, anything, (parent, state) => {
      const context = traceContextOf({ traceparent: parent, tracestate: state });
      const text = JSON.stringify(context ?? null);
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(text.length).toBeLessThan(1_500);
    }),
  );
});

const origin: EventOrigin = {
  source: '/test',
  type: () => 't',
  id: (ordinal) => `${ordinal}`,
  key: () => undefined,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({ traceparent: 'old', tracestate: 'old=1', tenant: 'a' }),
};

test('events that are sent on carry the new context and keep their other headers', () => {
  const events = [new Envelope('a', origin, 1), new Envelope<string>(null, origin, 2)];
  const carried = carryTrace(events, { traceparent });
  expect(carried.map(({ id, data, headers }) => [id, data, headers])).toEqual([
    ['1', 'a', { traceparent, tracestate: '', tenant: 'a' }],
    ['2', null, { traceparent, tracestate: '', tenant: 'a' }],
  ]);
  expect(carryTrace(events, undefined)).toBe(events);
  expect(traceContextOf(carried[0]?.headers ?? {})).toEqual({ traceparent });
});
