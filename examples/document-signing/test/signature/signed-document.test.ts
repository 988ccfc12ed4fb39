import { expect, test } from 'vitest';
import { signedDocument } from '../../src/signature/signing-pipeline.js';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

test('an inserted, changed or read row of a signature names its document; a deleted one names none', () => {
  const after = { id: '1', document_id: '7', signer_email: 'bob@example.com' };
  for (const op of ['c', 'u', 'r']) expect(signedDocument(bytes({ before: null, after, op }))).toBe('7');
  expect(signedDocument(bytes({ before: after, after: null, op: 'd' }))).toBeNull();
});

test.each(['', 'no json', '7', 'null', '{"after":{}}', '{"after":{"document_id":7}}', '{"after":"secret"}'])(
  '%j is no change of a signature, and is not repeated in the error',
  (text) => {
    const read = () => signedDocument(bytes(text));
    expect(read).toThrow(expect.objectContaining({ code: 'EVENT_INVALID', retry: 'never' }));
    expect(read).not.toThrow(/secret/);
  },
);
