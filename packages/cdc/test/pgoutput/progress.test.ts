import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Progress } from '../../src/pgoutput/progress.js';

/** A history: transactions with so many events each, also empty ones. */
const history = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 });

interface Delivered {
  readonly id: string;
  /** The position once this event is done. */
  readonly resume: number;
  readonly within: number;
}

/** What a stream that starts at (resume, within) delivers, one event to a frame. */
function deliver(sizes: readonly number[], resume: number, within: number): Delivered[] {
  const progress = new Progress(resume, within);
  const delivered: Delivered[] = [];
  sizes.forEach((size, n) => {
    const end = (n + 1) * 10;
    if (end <= resume) return;
    for (let i = 0; i < size; i++) {
      if (!progress.wanted()) continue;
      const position = progress.deliver();
      delivered.push({ id: `${n}-${i}`, resume: Number.parseInt(position.resume, 16), within: position.within });
    }
    progress.commit(end);
    progress.idle(end + 1);
  });
  return delivered;
}

test('a stream that starts at the position of any event delivers exactly what followed it', () => {
  fc.assert(
    fc.property(history, (sizes) => {
      const all = deliver(sizes, 0, 0);
      for (const [at, { resume, within }] of all.entries()) {
        const again = deliver(sizes, resume, within);
        expect(again.map((event) => event.id)).toEqual(all.slice(at + 1).map((event) => event.id));
      }
    }),
  );
});

test('a lost connection repeats nothing of the open transaction', () => {
  const progress = new Progress(10, 0);
  expect([progress.wanted(), progress.wanted()]).toEqual([true, true]);
  progress.deliver();
  progress.restart();
  expect(progress.position()).toEqual({ resume: '000000000000000A', within: 2 });
  expect([progress.wanted(), progress.wanted(), progress.wanted()]).toEqual([false, false, true]);
});

test('what the server has nothing for moves on, but not while something is left to skip', () => {
  const idle = new Progress(10, 0);
  idle.idle(20);
  expect(idle.position().resume).toBe('0000000000000014');
  const skipping = new Progress(10, 2);
  skipping.idle(20);
  expect(skipping.position()).toEqual({ resume: '000000000000000A', within: 2 });
});

test('progress is told when far ahead, when awaited, and else from time to time', () => {
  const progress = new Progress(10, 0);
  progress.idle(20);
  expect(progress.due(100)).toBeUndefined();
  expect(progress.due(5001)?.position.resume).toBe('0000000000000014');
  progress.idle(30);
  expect(progress.due(5002)).toBeUndefined();
  progress.await(30);
  expect(progress.due(5003)?.position.resume).toBe('000000000000001E');
  progress.idle(20_000_000);
  expect(progress.due(5004)?.kind).toBe('progress');
});
