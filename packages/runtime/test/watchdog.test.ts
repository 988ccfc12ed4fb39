import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Assessment, assess, type Strand, UNSEEN } from '../src/watchdog/assess.js';

const stallMs = 60_000;
const after = (samples: readonly { atMs: number; strands: readonly Strand[]; opening?: boolean }[]): Assessment =>
  samples.reduce((known, sample) => assess(known, { opening: false, ...sample }, stallMs), UNSEEN);
/** A lane looked at every 5 s, from `from` to `to`: what it has done by then, and whether it has more to do. */
const lane = (from: number, to: number, done: (atMs: number) => number, waits: string | null = 'a batch') =>
  Array.from({ length: (to - from) / 5_000 + 1 }, (_, n) => from + n * 5_000).map((atMs) => ({
    atMs,
    strands: [{ name: 'lane a', done: done(atMs), waits: waits ?? undefined }],
  }));
const still = () => 0;

test('nothing to do is healthy for ever', () => {
  expect(after(lane(0, 600_000, still, null))).toMatchObject({ status: 'idle', quietMs: 0 });
});

test('something to do and nothing done for stallMs is a stall, and it says of what', () => {
  expect(after(lane(0, 55_000, still)).status).toBe('working');
  expect(after(lane(0, 60_000, still))).toMatchObject({
    status: 'stalled',
    reason: 'lane a: a batch',
    quietMs: 60_000,
  });
});

test('slow and steady is no stall', () => {
  const everyFiftySeconds = lane(0, 900_000, (atMs) => Math.floor(atMs / 50_000));
  for (let upTo = 1; upTo <= everyFiftySeconds.length; upTo += 1) {
    expect(after(everyFiftySeconds.slice(0, upTo)).status).toBe('working');
  }
});

test('slower than stallMs stays a stall: one move alone does not end it', () => {
  const samples = lane(0, 600_000, (atMs) => Math.floor(atMs / 70_000));
  for (let upTo = 13; upTo <= samples.length; upTo += 1) expect(after(samples.slice(0, upTo)).status).toBe('stalled');
});

test('a stall ends with the second move, or when there is nothing more to do', () => {
  const stalled = lane(0, 90_000, still);
  expect(after([...stalled, ...lane(95_000, 95_000, () => 1)]).status).toBe('stalled');
  expect(after([...stalled, ...lane(95_000, 100_000, (atMs) => atMs)]).status).toBe('working');
  expect(after([...stalled, ...lane(95_000, 95_000, () => 1, null)]).status).toBe('idle');
});

test('a lane that stood still, went away, and comes back moving has not stalled anew', () => {
  const stalled = lane(0, 90_000, still);
  const away = { atMs: 95_000, strands: [] };
  expect(after([...stalled, away]).status).toBe('idle');
  expect(after([...stalled, away, ...lane(100_000, 100_000, () => 1)]).status).toBe('working');
  expect(after([...stalled, away, ...lane(100_000, 100_000, still)]).status).toBe('stalled');
});

test('one lane that stands still is seen beside one that moves', () => {
  const samples = lane(0, 60_000, still).map(({ atMs, strands }) => ({
    atMs,
    strands: [...strands, { name: 'lane b', done: atMs, waits: 'a batch' }],
  }));
  expect(after(samples)).toMatchObject({ status: 'stalled', reason: 'lane a: a batch' });
});

test('opening everything anew every 20 s is no progress', () => {
  const samples = lane(0, 100_000, still).map((sample) =>
    sample.atMs % 20_000 === 0 ? { atMs: sample.atMs, opening: true, strands: [] } : sample,
  );
  expect(after(samples).status).toBe('stalled');
});

test('a process that was frozen for an hour is given time to move', () => {
  const samples = [...lane(0, 5_000, still), ...lane(3_600_000, 3_620_000, still)];
  expect(after(samples.slice(0, 3)).status).toBe('working');
  expect(after([...samples, ...lane(3_625_000, 3_625_000, () => 1)]).status).toBe('working');
  expect(after([...samples, ...lane(3_625_000, 3_660_000, still)]).status).toBe('stalled');
});

// Three lanes over arbitrary times; each look may bring work, progress, or neither.
const history = fc.array(
  fc.record({
    gapMs: fc.integer({ min: 0, max: 40_000 }),
    opening: fc.boolean(),
    lanes: fc.array(fc.record({ more: fc.nat(2), waits: fc.boolean(), there: fc.boolean() }), {
      minLength: 3,
      maxLength: 3,
    }),
  }),
  { maxLength: 60 },
);

test('property: no stall without stallMs of standing still in one lane, none overlooked, and the wall clock has no say', () => {
  fc.assert(
    fc.property(history, fc.nat(2 ** 40), (looks, start) => {
      let known = UNSEEN;
      let atMs = start;
      const done = [0, 0, 0];
      /** What the model knows of each lane: for how long it has waited without a move; undefined while it need not move. */
      const quiet: (number | undefined)[] = [undefined, undefined, undefined];
      for (const { gapMs, opening, lanes } of looks) {
        atMs += gapMs;
        const strands: Strand[] = [];
        for (const [at, { more, waits, there }] of lanes.entries()) {
          if (!there) continue;
          done[at] = (done[at] ?? 0) + more;
          const waited = quiet[at];
          if (!waits) quiet[at] = undefined;
          else if (waited === undefined || more > 0) quiet[at] = 0;
          strands.push({ name: `lane ${at}`, done: done[at] ?? 0, waits: waits ? 'a batch' : undefined });
        }
        for (const [at, waited] of quiet.entries()) {
          const moved = strands.some(({ name }) => name === `lane ${at}`) && (lanes[at]?.more ?? 0) > 0;
          if (waited !== undefined && !moved && quiet[at] !== undefined) quiet[at] = waited + gapMs;
        }
        const before = known.status;
        known = assess(known, { atMs, opening, strands }, stallMs);
        if (known.status === 'stalled' && before !== 'stalled') {
          expect(Math.max(...quiet.map((waited) => waited ?? 0))).toBeGreaterThanOrEqual(stallMs);
        }
        const everyOneStill = strands.length === 3 && quiet.every((waited) => waited !== undefined);
        if (known.status === 'idle') expect(strands.some(({ waits }) => waits !== undefined)).toBe(false);
        if (strands.every(({ waits }) => waits === undefined) && !opening) expect(known.status).toBe('idle');
        if (everyOneStill && quiet.some((waited) => (waited ?? 0) >= 3 * stallMs)) expect(known.status).toBe('stalled');
      }
    }),
    { numRuns: 300 },
  );
});
