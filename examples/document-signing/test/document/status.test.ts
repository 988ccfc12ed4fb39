import { expect, test } from 'vitest';
import { mayFollow, STATUSES } from '../../src/document/status.js';

test('a document can be signed straight away, and what is signed cannot be cancelled', () => {
  expect(mayFollow('created', 'signed')).toBe(true);
  expect(mayFollow('signed', 'cancelled')).toBe(false);
  expect(mayFollow('signed', 'completed')).toBe(true);
  expect(mayFollow('cancelled', 'signed')).toBe(false);
});

test('nothing goes back to created, nothing leaves the archive, and everything may stay as it is', () => {
  for (const status of STATUSES) {
    expect(mayFollow(status, status)).toBe(true);
    if (status !== 'created') expect(mayFollow(status, 'created')).toBe(false);
    if (status !== 'archived') expect(mayFollow('archived', status)).toBe(false);
  }
});
