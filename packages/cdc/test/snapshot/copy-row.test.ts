import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyRowReader } from '../../src/snapshot/copy-row.js';
import type { WireBuffer } from '../../src/wire/bytes.js';

const LETTERS: Record<string, string> = {
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
  '\\': '\\',
};
const escaped = (text: string | null) =>
  text === null ? '\\N' : text.replace(/[\b\f\n\r\t\v\\]/g, (letter) => `\\${LETTERS[letter]}`);

test('a row of COPY reads back as it was, whatever is in it', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('\\', 'N', '\t', '\n', 'a', '\v', 'é') }),
  );
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), (cells) => {
      const columns = cells.map((_, i) => ({ name: `c${i}`, typeOid: 25 }));
      const bytes = Buffer.from(`${cells.map(escaped).join('\t')}\n`) as WireBuffer;
      expect(Object.values(copyRowReader(columns)(bytes, 0, bytes.length))).toEqual(cells);
    }),
  );
});
