import { syncBuiltinESMExports } from 'node:module';
import { inspect } from 'node:util';
import { type Clock, install } from '@sinonjs/fake-timers';
import { ComponentError } from '@sluice/contracts';

/** What `virtualTime` may be told. */
export interface VirtualTimeOptions {
  /** What the wall clock says at first. Default: what it says really. */
  readonly now?: Date;
  /**
   * Turns of the real event loop after each timer that fires: room for promises and for answers that are on their way.
   * Default: 3.
   */
  readonly turns?: number;
}

/** What is waited for, and for how long. */
export interface UntilOptions {
  /** Completes the sentence "waited for …". */
  readonly what: string;
  /** In virtual time. Default: 86,400,000, a day. */
  readonly withinMs?: number;
}

/** Time that moves only when it is told to. Disposing it gives the real one back. */
export interface VirtualTime extends Disposable {
  /** Milliseconds since it began, on the monotonic clock: what `performance.now()` says. */
  now(): number;
  /** Moves all clocks on; timers that fall due fire in order, with turns of the real event loop after each. */
  advance(ms: number): Promise<void>;
  /**
   * Moves from one timer to the next until `condition` gives something truthy, and resolves with that.
   *
   * @throws ComponentError `TEST_WAIT_TIMEOUT` naming what was waited for, when it does not hold in time.
   */
  until<T>(condition: () => T | Promise<T>, options: UntilOptions): Promise<NonNullable<T>>;
  /** Puts the wall clock forward, or back when negative. Timers and the monotonic clock notice nothing. */
  jumpWallClock(ms: number): void;
}

/**
 * Takes the place of the process's timers, those of `node:timers/promises` too, of `Date` and `performance.now()`, with every
 * test framework. Sockets, files, promises and `setImmediate` stay real, and get their turn between two timers;
 * `AbortSignal.timeout` stays real too.
 *
 * Begin it before what it shall rule is made: the monotonic clock starts anew, at 0.
 *
 * ```ts ignore
 * using time = virtualTime();
 * const done = running.run();
 * await time.advance(60_000); // the pauses of a minute, in milliseconds
 * ```
 */
export function virtualTime({ now = new Date(), turns = 3 }: VirtualTimeOptions = {}): VirtualTime {
  const clock = install({
    now,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    shouldClearNativeTimers: true,
    ignoreMissingTimers: true,
  });
  // For those who import them by name from node:timers.
  syncBuiltinESMExports();
  return {
    now: () => performance.now(),
    advance: (ms) => advanceTo(clock, performance.now() + ms, turns),
    until: (condition, options) => runUntil(clock, condition, options, turns),
    jumpWallClock: (ms) => clock.setSystemTime(clock.now + ms),
    [Symbol.dispose]() {
      clock.uninstall();
      syncBuiltinESMExports();
    },
  };
}

/** The longest time that a timer can wait, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;
/** How far `until` goes where no timer is set: something real may be on its way and set one. */
const STEP_MS = 1_000;

async function advanceTo(clock: Clock, end: number, turns: number): Promise<void> {
  await loopTurns(turns);
  for (let left = end - performance.now(); left > 0; left = end - performance.now()) await next(clock, left, turns);
  // Those that fall due at the very end, besides the one that brought us there.
  clock.tick(0);
  await loopTurns(turns);
}

async function runUntil<T>(
  clock: Clock,
  condition: () => T | Promise<T>,
  { what, withinMs = 86_400_000 }: UntilOptions,
  turns: number,
): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (await loopTurns(turns); ; ) {
    const value = await condition();
    if (value) return value;
    const left = end - performance.now();
    if (left <= 0) {
      const last = inspect(value, { depth: 4 });
      throw new ComponentError(
        'TEST_WAIT_TIMEOUT',
        `waited ${withinMs} ms of virtual time for ${what}; last value: ${last}`,
      );
    }
    await next(clock, Math.min(left, STEP_MS), turns);
  }
}

/** To the next timer, or `ms` on where there is none before; the mark is what stops it there. */
async function next(clock: Clock, ms: number, turns: number): Promise<void> {
  const mark = clock.setTimeout(() => {}, Math.min(Math.ceil(ms), LONGEST_MS));
  clock.next();
  clock.clearTimeout(mark);
  await loopTurns(turns);
}

async function loopTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
