import { UNCHANGED } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRowReader } from '../../src/pgoutput/compiled-row-reader.js';
import { interpretRowReader } from '../../src/pgoutput/interpreted-row-reader.js';
import { type Cell, insert, wire } from '../support/pgoutput-bytes.js';

const names = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('__proto__', 'constructor', 'toString', '1', '"'));
const table = fc.uniqueArray(names, { minLength: 1, maxLength: 12 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns),
    wanted: fc.array(fc.boolean(), { minLength: columns.length, maxLength: columns.length }),
    cells: fc.array(fc.oneof(fc.string(), fc.constant(null), fc.constant('unchanged-toast' as const)), {
      minLength: columns.length,
      maxLength: columns.length,
    }),
    full: fc.boolean(),
  }),
);

test('the compiled and the interpreted reader give the same rows, whatever the columns are called', () => {
  fc.assert(
    fc.property(table, ({ columns, wanted, cells, full }) => {
      const described = columns.map((name) => ({ name, typeOid: 25, typeMod: -1, identity: false }));
      const bytes = wire(insert(1, cells as Cell[]));
      const old = full ? (Object.fromEntries(columns.map((name) => [name, 'old'])) as Record<string, unknown>) : null;
      const ends = [{ at: 0 }, { at: 0 }] as const;
      const compiled = compileRowReader(described, wanted, ends[0])(bytes, 6, old);
      const interpreted = interpretRowReader(described, wanted, ends[1])(bytes, 6, old);
      expect(compiled).toEqual(interpreted);
      expect(Object.keys(compiled)).toEqual(Object.keys(interpreted));
      expect(ends[0]).toEqual(ends[1]);
      expect(ends[0].at).toBe(bytes.length);
      for (const [i, name] of columns.entries()) {
        if (!wanted[i]) expect(Object.hasOwn(compiled, name)).toBe(false);
        else if (cells[i] === 'unchanged-toast') expect(compiled[name]).toBe(full ? 'old' : UNCHANGED);
        else expect(Object.getOwnPropertyDescriptor(compiled, name)?.value).toBe(cells[i]);
      }
    }),
  );
});
