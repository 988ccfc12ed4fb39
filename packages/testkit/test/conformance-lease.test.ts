import { describe, test } from 'vitest';
import { conformance, leaseConformance } from '../src/conformance/index.js';
import { expectBroken } from './expect-broken.js';
import { leaking } from './fixtures/leaking.js';
import { type LeaseDefect, memoryLeasePlace } from './fixtures/memory-lease.js';

const lease = (defect?: LeaseDefect) =>
  leaseConformance({ name: 'memory', create: async () => memoryLeasePlace(defect) });

conformance(lease(), { describe, test });

conformance(
  leaseConformance({
    name: 'memory, in real time',
    async create() {
      const { lease, [Symbol.asyncDispose]: dispose } = memoryLeasePlace();
      return { lease, [Symbol.asyncDispose]: dispose };
    },
  }),
  { describe, test },
);

describe('a broken lease is found by the promise that it breaks', () => {
  const CLOCK = 'the store’s clock decides: an owner whose clock is wrong neither takes nor loses';
  const GIVEN = 'what is free is given, and then to nobody else, who is told by whom and for how long';
  const AGAIN = 'an owner that acquires what it holds gets the fence that it has, and a new term';
  const TAKEN = 'renew answers false when the lease has expired and another has it';
  const HOLDERS = 'holders are those of live leases whose resource begins with the text, letter by letter';
  test.each<[LeaseDefect, string]>([
    ['lease given twice', GIVEN],
    ['looks, then takes', 'of many that acquire at once, one is given it'],
    ["lease by the owner's clock", CLOCK],
    ["ends by the owner's clock", CLOCK],
    ["fence that doesn't grow", 'a lease that has expired is given to another, with a greater fence'],
    ["fence that doesn't grow", 'a released lease is free at once, and the fences of the resource grow'],
    ['a new fence each time', AGAIN],
    ['keeps the old term', AGAIN],
    ['renew does nothing', 'renew gives a new term'],
    ['renew looks at the owner alone', TAKEN],
    ['renews what was released', 'renew answers false when it was released, or never given'],
    ['forgets what has expired', 'a lease that has expired and that nobody took is renewed'],
    ['anyone may release', 'releasing what is no longer held changes nothing'],
    ['release lasts until the end', 'a released lease is free at once, and the fences of the resource grow'],
    ['prefix is a pattern', HOLDERS],
    ['holders of the past', HOLDERS],
    ['names as properties', 'resources and owners may have any name'],
    ['gone when reopened', 'leases and fences outlast the lease object'],
  ])('%s', (defect, name) => expectBroken(lease(defect), name));
});

test('a lease that leaks on close is found', () => {
  const suite = leaseConformance({ name: 'leaks', create: async () => leaking('lease', memoryLeasePlace()) });
  return expectBroken(suite, 'a closed lease leaves nothing open');
}, 20_000);
