import { describe, test } from 'vitest';
import { conformance, stateStoreConformance } from '../src/conformance/index.js';
import { expectBroken } from './expect-broken.js';
import { leaking } from './fixtures/leaking.js';
import { memoryStatePlace, type StateDefect } from './fixtures/memory-state-store.js';

const state = (defect?: StateDefect) =>
  stateStoreConformance({ name: 'memory', create: async () => memoryStatePlace(defect) });

conformance(state(), { describe, test });

describe('a broken state store is found by the promise that it breaks', () => {
  const READ = 'what was written is read; a key that is not there is left out';
  const JSON_VALUES = 'keeps anything that JSON can say';
  const WHOLE = 'a write is all or nothing: a conflict leaves neither values nor ids';
  const SCANNED = 'scans by key, in the order of code units, whatever the language';
  const INBOX = 'ids that were written are in the inbox, in their scope alone';
  test.each<[StateDefect, string]>([
    ['loses one', READ],
    ['reads what was not asked for', READ],
    ['keeps the object', 'a value does not change with the object that was given or read'],
    ['null is nothing', JSON_VALUES],
    ['numbers as floats of 32 bits', JSON_VALUES],
    ['keys as properties', 'keys may be any text of up to 10,000 characters'],
    ['state write half applied', WHOLE],
    ['seen of a conflict', WHOLE],
    ['overwrites', 'a write with another revision than the expected one is a conflict'],
    ['overwrites', 'of many that write the same key at once, one writes'],
    ['revisions start anew', 'a revision does not come back when its key is removed and written anew'],
    ['revision stays', 'a revision is at least 1, and grows with every write of the key'],
    ['orders by language', SCANNED],
    ['orders by code point', SCANNED],
    ['scan repeats one', 'a scan goes on after a key, `limit` entries at a time'],
    ['seen lost', INBOX],
    ['shares the inbox', INBOX],
    ['seen comes late', 'values and ids of one write become visible together'],
    ['forgets everything', 'ids are forgotten that were put there before a time, and no others'],
    ['gone when reopened', 'values, revisions and the inbox outlast the store object'],
  ])('%s', (defect, name) => expectBroken(state(defect), name));
});

test('a state store that leaks on close is found', () => {
  const suite = stateStoreConformance({ name: 'leaks', create: async () => leaking('store', memoryStatePlace()) });
  return expectBroken(suite, 'a closed store leaves nothing open');
}, 20_000);
