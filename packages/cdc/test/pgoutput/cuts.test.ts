import type { Position } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Progress } from '../../src/pgoutput/progress.js';

/** Events of a transaction, whether the server says behind it that there is nothing for us, and whether a frame ends there. */
const history = fc.array(
  fc.record({ events: fc.integer({ min: 0, max: 5 }), idle: fc.boolean(), frame: fc.boolean() }),
  { minLength: 1, maxLength: 10 },
);

type History = typeof history extends fc.Arbitrary<infer H> ? H : never;

interface Read {
  readonly events: readonly string[];
  readonly position: Position;
}

/** The frames of a stream from its beginning; `size` events at most. */
function read(given: History, size: number, cuts: readonly Position[] = []): Read[] {
  const progress = new Progress(0, 0, cuts);
  const frames: Read[] = [];
  let events: string[] = [];
  const take = () => {
    if (events.length > 0) frames.push({ events, position: progress.deliver() });
    events = [];
    const told = progress.ofCut();
    if (told) frames.push({ events, position: told.position });
  };
  for (const [n, transaction] of given.entries()) {
    // The commit record lies before the end of the transaction.
    progress.approach(n * 100 + 90);
    if (progress.atCut) take();
    for (let i = 0; i < transaction.events; i++) {
      if (progress.wanted()) events.push(`${n}-${i}`);
      if (progress.atCut || events.length >= size) take();
    }
    progress.commit((n + 1) * 100);
    if (progress.atCut) take();
    for (let asked = 0; transaction.idle && asked < 3; asked++) {
      progress.idle((n + 1) * 100 + 50);
      if (progress.atCut) take();
    }
    if (transaction.frame) take();
  }
  take();
  return frames;
}

test('a frame ends at every place where an earlier one has, and nothing is lost, repeated or moved', () => {
  fc.assert(
    fc.property(
      history,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 50 }),
      fc.nat(),
      (given, a, b, some) => {
        const first = read(given, a);
        const cuts = first.flatMap(({ position }, at) => ((some >> (at % 30)) & 1 ? [position] : []));
        const again = read(given, b, cuts);
        expect(again.flatMap(({ events }) => events)).toEqual(first.flatMap(({ events }) => events));
        for (const cut of cuts) {
          const before = (frames: Read[]) => {
            const at = frames.findIndex(
              ({ position }) => position.resume === cut.resume && position.within === cut.within,
            );
            expect(at, `a frame that ends at ${cut.resume}/${cut.within}`).not.toBe(-1);
            return frames.slice(0, at + 1).flatMap(({ events }) => events);
          };
          expect(before(again)).toEqual(before(first));
        }
      },
    ),
    { numRuns: 500 },
  );
});
