import type { Lease } from '@sluice/contracts';
import { awkwardTexts } from '../awkward.js';
import { leavesNothingOpen } from '../leaves-nothing-open.js';
import { mustEqual, mustHold } from '../promise-broken.js';
import { type ConformanceSuite, promise } from '../suite.js';
import {
  type LeaseFixture,
  type LeaseUnderTest,
  LONG,
  mustAcquire,
  mustBeHeld,
  mustBeRefused,
  mustExpire,
  withClockOff,
} from './lease-fixture.js';

const HOUR = 3_600_000;

/** The promises of a `Lease`. */
export function leaseConformance(subject: LeaseUnderTest): ConformanceSuite {
  const check = (
    name: string,
    run: (lease: Lease, fixture: LeaseFixture) => Promise<void>,
    unless: string | false = false,
  ) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await using lease = fixture.lease();
      await run(lease, fixture);
    });

  return {
    name: `${subject.name}: lease`,
    tests: [
      check('what is free is given, and then to nobody else, who is told by whom and for how long', async (lease) => {
        await mustAcquire(lease, 'r', 'a');
        const { by, remainingMs } = await mustBeRefused(lease, 'r', 'b');
        mustEqual(by, 'a', 'the holder');
        mustHold(remainingMs > LONG / 2 && remainingMs <= LONG, 'what remains of the term', remainingMs);
        await mustAcquire(lease, 'other', 'b');
      }),

      check('of many that acquire at once, one is given it', async (_, fixture) => {
        const leases = Array.from({ length: 8 }, () => fixture.lease());
        for (let round = 0; round < 5; round += 1) {
          const answers = await Promise.all(leases.map((lease, n) => lease.acquire(`r${round}`, `owner ${n}`, LONG)));
          mustEqual(answers.filter(({ held }) => held).length, 1, 'owners that were given it');
          const winner = `owner ${answers.findIndex(({ held }) => held)}`;
          const named = answers.flatMap((answer) => (answer.held ? [] : [answer.by]));
          mustEqual([...new Set(named)], [winner], 'the holder that the others are told');
        }
        for (const lease of leases) await lease[Symbol.asyncDispose]();
      }),

      check(
        'an owner that acquires what it holds gets the fence that it has, and a new term',
        async (lease, fixture) => {
          const fence = await mustAcquire(lease, 'r', 'a', 60_000);
          await using again = fixture.lease();
          mustEqual(await mustAcquire(again, 'r', 'a', LONG), fence, 'the fence');
          const { remainingMs } = await mustBeRefused(lease, 'r', 'b');
          mustHold(remainingMs > 60_000, 'the term is the new one', remainingMs);
        },
      ),

      check('renew gives a new term', async (lease) => {
        const fence = await mustAcquire(lease, 'r', 'a', 60_000);
        mustEqual(await lease.renew('r', 'a', fence, LONG), true, 'renewed');
        const { remainingMs } = await mustBeRefused(lease, 'r', 'b');
        mustHold(remainingMs > 60_000, 'the term is the new one', remainingMs);
      }),

      check('a lease that has expired is given to another, with a greater fence', async (lease, fixture) => {
        const first = await mustExpire(fixture, lease, 'r', 'a');
        const second = await mustAcquire(lease, 'r', 'b');
        mustHold(second > first, 'the fence of the next owner is greater', [first, second]);
        mustEqual((await mustBeRefused(lease, 'r', 'a')).by, 'b', 'the holder, as the former one is told');
      }),

      check('renew answers false when the lease has expired and another has it', async (lease, fixture) => {
        const first = await mustExpire(fixture, lease, 'r', 'a');
        const second = await mustAcquire(lease, 'r', 'b');
        mustEqual(await lease.renew('r', 'a', first, LONG), false, 'renewed by the former owner');
        mustEqual(await lease.renew('r', 'b', first, LONG), false, 'renewed with the former fence');
        mustEqual(await lease.renew('r', 'a', second, LONG), false, 'renewed with the fence of another');
        mustEqual(await lease.renew('r', 'b', second, LONG), true, 'renewed by the owner');
        await mustBeHeld(lease, 'r', { r: 'b' });
      }),

      check('renew answers false when it was released, or never given', async (lease) => {
        const fence = await mustAcquire(lease, 'r', 'a');
        await lease.release('r', 'a', fence);
        mustEqual(await lease.renew('r', 'a', fence, LONG), false, 'renewed after its release');
        mustEqual(await lease.renew('none', 'a', fence, LONG), false, 'renewed and never given');
        await mustBeHeld(lease, '', {});
      }),

      check('a lease that has expired and that nobody took is renewed', async (lease, fixture) => {
        const fence = await mustExpire(fixture, lease, 'r', 'a');
        mustEqual(await lease.renew('r', 'a', fence, LONG), true, 'renewed');
        mustEqual((await mustBeRefused(lease, 'r', 'b')).by, 'a', 'the holder');
        mustEqual((await lease.holders('r'))[0]?.fence, fence, 'its fence');
      }),

      check('a released lease is free at once, and the fences of the resource grow', async (lease) => {
        let last = 0n;
        for (const owner of ['a', 'b', 'a', 'a']) {
          const fence = await mustAcquire(lease, 'r', owner);
          mustHold(fence > last, 'a fence above the one before it', [last, fence]);
          last = fence;
          await lease.release('r', owner, fence);
        }
        await mustBeHeld(lease, 'r', {});
      }),

      check('releasing what is no longer held changes nothing', async (lease, fixture) => {
        const first = await mustExpire(fixture, lease, 'r', 'a');
        const second = await mustAcquire(lease, 'r', 'b');
        await lease.release('r', 'a', first);
        await lease.release('r', 'b', first);
        await lease.release('r', 'a', second);
        await lease.release('none', 'a', 1n);
        await mustBeHeld(lease, '', { r: 'b' });
        await lease.release('r', 'b', second);
        await lease.release('r', 'b', second);
        await mustBeHeld(lease, '', {});
      }),

      check(
        'holders are those of live leases whose resource begins with the text, letter by letter',
        async (lease, fixture) => {
          for (const resource of ['p/1', 'p/2', 'P/1', 'px1', 'p', 'p%', 'p_1'])
            await mustAcquire(lease, resource, 'a');
          await mustExpire(fixture, lease, 'p/gone', 'a');
          const released = await mustAcquire(lease, 'p/released', 'a');
          await lease.release('p/released', 'a', released);
          const taken = await mustAcquire(lease, 'p/3', 'b');
          await mustBeHeld(lease, 'p/', { 'p/1': 'a', 'p/2': 'a', 'p/3': 'b' });
          await mustBeHeld(lease, 'p_', { p_1: 'a' });
          await mustBeHeld(lease, 'p%', { 'p%': 'a' });
          await mustBeHeld(lease, 'none', {});
          mustEqual((await lease.holders('')).length, 8, 'holders of anything');
          mustEqual((await lease.holders('p/3'))[0]?.fence, taken, 'the fence of a holder');
        },
      ),

      check(
        'the store’s clock decides: an owner whose clock is wrong neither takes nor loses',
        async (lease, fixture) => {
          const fence = await mustAcquire(lease, 'r', 'a');
          await withClockOff(HOUR, async () => {
            mustEqual((await mustBeRefused(lease, 'r', 'b')).by, 'a', 'the holder, asked an hour ahead');
            mustEqual(await lease.renew('r', 'a', fence, LONG), true, 'renewed an hour ahead');
          });
          mustEqual((await mustBeRefused(lease, 'r', 'b')).remainingMs <= LONG, true, 'the term ends as it was given');
          await withClockOff(-HOUR, async () => {
            const { remainingMs } = await mustBeRefused(lease, 'r', 'b');
            mustHold(remainingMs > 0 && remainingMs <= LONG, 'what remains, asked an hour behind', remainingMs);
            const first = await mustExpire(fixture, lease, 'late', 'a');
            mustHold((await mustAcquire(lease, 'late', 'b')) > first, 'what has expired is given, an hour behind');
          });
          const ahead = await withClockOff(HOUR, () => mustExpire(fixture, lease, 'ahead', 'a'));
          mustHold(
            (await mustAcquire(lease, 'ahead', 'b')) > ahead,
            'a term that was taken an hour ahead ends as given',
          );
        },
      ),

      check('a closed lease leaves nothing open', (_, fixture) =>
        leavesNothingOpen(
          () => fixture.lease(),
          (lease) => mustAcquire(lease, 'r', 'a'),
        ),
      ),

      check('resources and owners may have any name', async (lease) => {
        for (const name of awkwardTexts) await mustAcquire(lease, name, name);
        mustEqual((await lease.holders('')).map(({ owner }) => owner).sort(), [...awkwardTexts].sort(), 'the owners');
        for (const name of awkwardTexts) {
          mustEqual((await mustBeRefused(lease, name, 'another')).by, name, 'the holder of a resource');
        }
      }),

      check(
        'leases and fences outlast the lease object',
        async (lease, fixture) => {
          const held = await mustAcquire(lease, 'held', 'a');
          const released = await mustAcquire(lease, 'released', 'a');
          await lease.release('released', 'a', released);
          await lease[Symbol.asyncDispose]();
          await using second = fixture.lease();
          mustEqual((await mustBeRefused(second, 'held', 'b')).by, 'a', 'the holder after reopening');
          mustEqual(await second.renew('held', 'a', held, LONG), true, 'renewed after reopening');
          mustHold((await mustAcquire(second, 'released', 'b')) > released, 'the fence grows over reopening');
        },
        subject.volatile,
      ),
    ],
  };
}
