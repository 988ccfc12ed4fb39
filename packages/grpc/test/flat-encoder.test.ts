import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HealthCheckResponseSchema } from '../src/generated/grpc/health/v1/health_pb.js';
import { ServerReflectionResponseSchema } from '../src/generated/grpc/reflection/v1/reflection_pb.js';
import { flatEncoder } from '../src/service/flat-encoder.js';
import { EveryKindSchema, TextSchema } from './generated/workshop_pb.js';

const encode = flatEncoder(EveryKindSchema);

test('any message of single values is encoded as protobuf-es does', { timeout: 60_000 }, () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 200 }));
  const field = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const messages = fc.record(
    {
      text: field(text),
      padding: field(fc.uint8Array({ maxLength: 300 })),
      flag: field(fc.boolean()),
      small: field(fc.integer()),
      count: field(fc.nat({ max: 0xffff_ffff })),
      large: field(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      vast: field(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      kind: field(fc.integer()),
      maybeText: field(text),
      maybeSmall: field(fc.constantFrom(0, 1, -1)),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(messages, (given) => {
      const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const message = create(EveryKindSchema, fields);
      const expected = Buffer.from(toBinary(EveryKindSchema, message)).toString('hex');
      expect(encode?.(given)?.toString('hex')).toBe(expected);
      expect(encode?.(message as unknown as Record<string, unknown>)?.toString('hex')).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('long texts and blocks are encoded, beyond the slab the general way', () => {
  for (const length of [42, 43, 127, 128, 16_383, 16_384, 65_000]) {
    for (const letter of ['a', 'é', '漢']) {
      const text = letter.repeat(Math.floor(length / Buffer.byteLength(letter)));
      const bytes = encode?.({ text });
      if (bytes !== undefined) expect(fromBinary(EveryKindSchema, bytes).text).toBe(text);
      else expect(length).toBeGreaterThan(60_000);
    }
  }
  expect(encode?.({ text: 'x'.repeat(70_000) })).toBeUndefined();
  expect(encode?.({ text: 'x'.repeat(65_500), maybeText: 'y'.repeat(42) })).toBeUndefined();
  expect(encode?.({ padding: new Uint8Array(65_600) })).toBeUndefined();
});

test.each([
  ['text', 'a number', 7],
  ['padding', 'text', 'x'],
  ['flag', 'a number', 1],
  ['small', 'too large', 2 ** 31],
  ['small', 'a fraction', 1.5],
  ['count', 'negative', -1],
  ['count', 'not a number', Number.NaN],
  ['large', 'too large', 2n ** 63n],
  ['large', 'text', 'x'],
  ['vast', 'negative', -1n],
])('a value that does not fit %s is refused: %s', (name, _, value) => {
  expect(() => encode?.({ [name]: value })).toThrow(name);
});

test('a message with anything else goes the general way', () => {
  expect(flatEncoder(ServerReflectionResponseSchema)).toBeUndefined();
  expect(flatEncoder(HealthCheckResponseSchema)).toBeDefined();
  const unknown = fromBinary(TextSchema, toBinary(EveryKindSchema, create(EveryKindSchema, { vast: 5n })));
  expect(flatEncoder(TextSchema)?.(unknown as unknown as Record<string, unknown>)).toBeUndefined();
});
