import { describe, test } from 'vitest';
import { conformance, countersConformance } from '../src/conformance/index.js';
import { expectBroken } from './expect-broken.js';
import { type CountersDefect, countersPlace } from './fixtures/broken-counters.js';

const counters = (defect?: CountersDefect, exact = true) =>
  countersConformance({ name: 'memory', features: { exact }, create: async () => countersPlace(defect) });

conformance(counters(), { describe, test });

describe('broken counters are found by the promise that they break', () => {
  const COUNTS = 'counts how often, and by how many different members';
  const EACH = 'each key counts for itself; one that nothing was counted under is left out';
  const TEXTS = 'any text of up to 512 bytes is a key, and a member';
  const REMOVED = 'what was removed is counted anew, members too, and nothing else is';
  test.each<[CountersDefect, string]>([
    ['counts members only', COUNTS],
    ['members of all keys', EACH],
    ['zero for what is not there', EACH],
    ['keys in lower case', TEXTS],
    ['members in lower case', TEXTS],
    ['accepts any key', 'what is no key, or no member, is refused by every call'],
    ['removes all', REMOVED],
    ['removes the first', REMOVED],
    ['members outlive removal', REMOVED],
    ['only 1,000 members', 'members by the thousand'],
    ['reads, then writes', 'calls at the same time are all counted'],
    ['counts later', 'whoever has counted reads it at once, and so do others'],
    ['a lock is in the way', 'two that count the same keys in opposite orders lose nothing, and never fail'],
    ['totals are removed first', 'what is removed while others count it leaves no member behind'],
    ['members are gone when reopened', 'counts and members outlast the object'],
    ['leaks a timer', 'what is closed leaves nothing open'],
  ])('%s', { timeout: 30_000 }, (defect, name) => expectBroken(counters(defect), name));
});

test('counters that declare another feature than they were enrolled with are found', () =>
  expectBroken(counters(undefined, false), 'declares the features it was enrolled with'));
