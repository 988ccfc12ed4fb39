import { expect, test } from 'vitest';
import { refuseBadObjectKey } from '../src/index.js';

test.each(['a', 'a/b', '__proto__', '...', 'a b', 'é'.repeat(512), 'k'.repeat(1_024)])('%j is a key', (key) => {
  expect(() => refuseBadObjectKey(key)).not.toThrow();
});

test.each(['', '/', '/a', 'a/', 'a//b', '.', '../a', 'a/..', 'a\u0000', 'a\u007f', '\ud800', 'é'.repeat(513)])(
  '%j is no key',
  (key) => {
    expect(() => refuseBadObjectKey(key)).toThrow(expect.objectContaining({ code: 'OBJECT_KEY_INVALID' }));
  },
);

test('the error does not repeat the key', () => {
  expect(() => refuseBadObjectKey('secret/../file')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret') }),
  );
});
