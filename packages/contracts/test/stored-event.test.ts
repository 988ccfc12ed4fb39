import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Envelope, type EventOrigin, restoredEvent, storedEvent, UNCHANGED } from '../src/index.js';

interface Attributes {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key: string | undefined;
  readonly time: Date;
  readonly version: { readonly epoch: string; readonly value: bigint };
  readonly headers: Readonly<Record<string, string>>;
}

const plain: Attributes = {
  id: 'id',
  type: 'created',
  source: '/test',
  key: 'k',
  time: new Date(1),
  version: { epoch: 'e', value: 2n ** 90n },
  headers: { trace: 't' },
};

function event(data: unknown, attributes: Partial<Attributes> = {}, previousKey?: string): Envelope<unknown> {
  const all = { ...plain, ...attributes };
  const origin: EventOrigin = {
    source: all.source,
    type: () => all.type,
    id: () => all.id,
    key: () => all.key,
    time: () => all.time,
    version: () => all.version,
    headers: () => all.headers,
  };
  return new Envelope<unknown>(data, origin, 0, undefined, previousKey === undefined ? undefined : { previousKey });
}

function attributesOf(envelope: Envelope<unknown>): unknown {
  const { id, type, source, key, previousKey, time, version, headers } = envelope;
  return { id, type, source, key, previousKey, time, version, headers };
}

const restored = (data: unknown) => restoredEvent(storedEvent(event(data))).data;

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', '$', 'v', '\0', 'a\r\nb: c', '\ud800', "'; DROP TABLE x; --"),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom(null, undefined, UNCHANGED, Number.NaN, -0, Number.POSITIVE_INFINITY),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.float32Array(),
    fc.bigInt64Array(),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(text, tie('any'), { maxKeys: 5 }),
    fc.array(fc.tuple(tie('any'), tie('any')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('any'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).any;

test('whatever an event holds is restored as it was', () => {
  const attributes = fc.record({
    id: text,
    type: text,
    source: text,
    key: fc.option(text, { nil: undefined }),
    time: fc.date({ noInvalidDate: true }),
    version: fc.record({ epoch: text, value: fc.bigInt() }, { noNullPrototype: true }),
    headers: fc.dictionary(text, text),
  });
  fc.assert(
    fc.property(value, attributes, fc.option(text, { nil: undefined }), (data, given, previousKey) => {
      const original = event(data ?? null, given, previousKey);
      const stored = storedEvent(original);
      const copy = restoredEvent(stored);
      // vitest's own comparison is misled by members called `constructor`.
      expect(isDeepStrictEqual(copy.data, original.data)).toBe(true);
      expect(isDeepStrictEqual(attributesOf(copy), attributesOf(original))).toBe(true);
      expect(storedEvent(copy)).toBe(stored);
    }),
    { numRuns: 500 },
  );
});

test('the text has no character that Postgres refuses', () => {
  const stored = storedEvent(event({ nul: 'a\0b', half: '\ud800' }, { key: '\0', headers: { 'x\0': '\udc00' } }));
  expect(stored).not.toContain('\0');
  expect(stored).not.toMatch(/[\ud800-\udfff]/);
});

test('names that mean something to JavaScript are data', () => {
  const data = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toJSON":2,"$":"bigint","v":"7"}');
  const copy = restored(data) as Record<string, unknown>;
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  expect(Object.keys(copy)).toEqual(['__proto__', 'constructor', 'toJSON', '$', 'v']);
  expect(copy['admin']).toBeUndefined();
});

test('an instance of a class becomes what its toJSON gives, or its own members', () => {
  class Money {
    toJSON() {
      return { cents: 5n };
    }
  }
  class Point {
    x = 1;
    distance = () => 1;
  }
  expect(restored({ money: new Money(), at: new Point() })).toStrictEqual({ money: { cents: 5n }, at: { x: 1 } });
  expect(restored(Buffer.from('ab'))).toStrictEqual(new Uint8Array([97, 98]));
});

test('headers and keys of overrides and suffixes of the id are those of the event', () => {
  const original = event({ n: 1 }).with({ n: 2 }, { idSuffix: 'x', headers: { added: 'a\r\nb' }, key: 'other' });
  const copy = restoredEvent(storedEvent(original));
  expect(attributesOf(copy)).toEqual(attributesOf(original));
  expect(copy.with(null, { idSuffix: 'y' }).id).toBe('id#x#y');
});

test('a deleted row stays one, a date that is none too', () => {
  expect(restored(null)).toBeNull();
  expect(restored(new Date(Number.NaN))).toEqual(new Date(Number.NaN));
});

test('data that contains itself, or is nested without end, is refused by name; data that repeats is not', () => {
  const self: Record<string, unknown> = {};
  self['self'] = self;
  let deep: unknown = 1;
  for (let n = 0; n < 5_000; n++) deep = [deep];
  for (const data of [self, deep]) {
    expect(() => storedEvent(event(data))).toThrow(expect.objectContaining({ code: 'EVENT_NOT_STORABLE' }));
  }
  const twice = { n: 1 };
  expect(restored([twice, twice])).toEqual([twice, twice]);
});

test('an event above the limit is refused by name, counted in bytes', () => {
  const size = new TextEncoder().encode(storedEvent(event({ text: 'ä€😀' }))).length;
  expect(() => storedEvent(event({ text: 'ä€😀' }), { maxBytes: size - 1 })).toThrow(
    expect.objectContaining({ code: 'EVENT_TOO_LARGE_TO_STORE', retry: 'never' }),
  );
  expect(storedEvent(event({ text: 'ä€😀' }), { maxBytes: size })).toContain('😀');
});

test('a text of a newer version, or none of ours, is refused and never quoted', () => {
  for (const stored of ['{"format":2,"data":"secret"}', 'secret', '{"format":1}', '"secret"', 'null']) {
    const refusal = (() => {
      try {
        restoredEvent(stored);
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toMatchObject({ code: 'EVENT_FORMAT', retry: 'operator' });
    expect(String(refusal)).not.toContain('secret');
  }
});
