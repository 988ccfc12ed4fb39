import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slab } from '../../src/wire/slab.js';

const message = (payload: Uint8Array) => {
  const bytes = Buffer.alloc(payload.length + 5);
  bytes[0] = 0x64;
  bytes.writeInt32BE(payload.length + 4, 1);
  bytes.set(payload, 5);
  return bytes;
};

function drain(slab: Slab, into: Buffer[]): void {
  for (let end = slab.messageEnd(); end !== -1; end = slab.messageEnd()) {
    into.push(Buffer.from(slab.buffer.subarray(slab.head, end)));
    slab.head = end;
  }
}

test('however the bytes are cut, the messages are the same', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      fc.boolean(),
      (payloads, cuts, late) => {
        const sent = payloads.map(message);
        const bytes = Buffer.concat(sent);
        const slab = new Slab(64, 1000);
        const got: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = cuts[i % cuts.length] as number;
          slab.append(bytes.subarray(at, at + length));
          if (!late || i % 7 === 0) drain(slab, got);
          at += length;
        }
        drain(slab, got);
        expect(got).toEqual(sent);
        expect(slab.length).toBe(0);
      },
    ),
  );
});

test('one byte at a time', () => {
  const sent = [message(Buffer.from('hello')), message(Buffer.alloc(500, 7)), message(new Uint8Array())];
  const slab = new Slab(16, 1000);
  const got: Buffer[] = [];
  for (const byte of Buffer.concat(sent)) {
    slab.append(Uint8Array.of(byte));
    drain(slab, got);
  }
  expect(got).toEqual(sent);
});

test('a message beyond the limit is refused before it is buffered', () => {
  const slab = new Slab(16, 100);
  slab.append(message(new Uint8Array(200)).subarray(0, 10));
  expect(() => slab.messageEnd()).toThrow(expect.objectContaining({ code: 'CDC_MESSAGE_TOO_LARGE' }));
});

test('an impossible length is refused', () => {
  const slab = new Slab(16, 100);
  slab.append(Uint8Array.of(0x64, 0, 0, 0, 1));
  expect(() => slab.messageEnd()).toThrow(expect.objectContaining({ code: 'CDC_PROTOCOL' }));
});
