import { ComponentError } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { memoryCheckpoints, memorySource, type Notice, pipeline } from '../src/index.js';
import { retryPolicy } from '../src/retry/retry-policy.js';
import { breakerOptions, CircuitBreaker } from '../src/sink/circuit-breaker.js';
import { batchOf, gate, scriptedLane, scriptedSource, sinkOf, until } from './support/scripted-source.js';

const down = () => new ComponentError('TEST_DOWN', 'down');
const forever = new AbortController().signal;

/** A breaker with a clock of its own. */
function clocked(options: { failures?: number; coolDownMs?: number; maxCoolDownMs?: number; probes?: number } = {}) {
  const clock = { now: 1_000 };
  const told: string[] = [];
  const breaker = new CircuitBreaker(
    { failures: 3, coolDownMs: 100, maxCoolDownMs: 300, probes: 1, ...options },
    (state, _, times, ms) => told.push(state === 'open' ? `open ${times} ${ms}` : state),
    () => clock.now,
  );
  return { clock, told, breaker };
}

/** Whether something is settled by the next turn of the event loop. */
async function isSettled(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  work.then(note, note);
  await new Promise(setImmediate);
  return settled;
}

describe('a circuit breaker', () => {
  test('opens after failures in a row, and a success in between starts the count anew', () => {
    const { breaker, told } = clocked();
    breaker.failed(down());
    breaker.failed(down());
    breaker.answered();
    breaker.failed(down());
    breaker.failed(down());
    expect([breaker.closed, breaker.report()]).toEqual([true, { state: 'closed', failures: 2 }]);
    breaker.failed(down());
    expect([breaker.closed, breaker.report()]).toEqual([false, { state: 'open', failures: 3, retryInMs: 100 }]);
    expect(told).toEqual(['open 1 100']);
  });

  test('lets as many probes through as it is told, once the cool-down is over; one that succeeds closes it', async () => {
    const { breaker, clock, told } = clocked({ failures: 1, probes: 2 });
    breaker.failed(down());
    const early = breaker.enter(forever);
    expect(await isSettled(early)).toBe(false);
    clock.now += 100;
    const [first, second, third] = [breaker.enter(forever), breaker.enter(forever), breaker.enter(forever)];
    expect(await Promise.all([first, second, third].map(isSettled))).toEqual([true, true, false]);
    expect(breaker.report().state).toBe('half-open');
    breaker.answered();
    await Promise.all([early, third]);
    expect(breaker.report()).toEqual({ state: 'closed', failures: 0 });
    expect(told).toEqual(['open 1 100', 'closed']);
  });

  test('a probe that fails opens it for longer, up to a limit; once closed it begins anew', async () => {
    const { breaker, clock, told } = clocked({ failures: 1 });
    breaker.failed(down());
    for (const ms of [100, 200, 300]) {
      clock.now += ms;
      await breaker.enter(forever);
      breaker.failed(down());
    }
    breaker.answered();
    breaker.failed(down());
    expect(told).toEqual(['open 1 100', 'open 2 200', 'open 3 300', 'open 4 300', 'closed', 'open 1 100']);
  });

  test('a probe whose end nobody waited for makes room for another', async () => {
    const { breaker, clock } = clocked({ failures: 1 });
    breaker.failed(down());
    clock.now += 100;
    await breaker.enter(forever);
    const next = breaker.enter(forever);
    expect(await isSettled(next)).toBe(false);
    breaker.abandoned();
    await next;
  });

  test('an abort and a drain end the waiting', async () => {
    const { breaker } = clocked({ failures: 1 });
    breaker.failed(down());
    const abort = new AbortController();
    const aborted = breaker.enter(abort.signal);
    abort.abort(new Error('over'));
    await expect(aborted).rejects.toThrow('over');
    const waiting = breaker.enter(forever);
    breaker.release();
    await waiting;
    breaker.failed(down());
    await breaker.enter(forever);
  });

  test('cools down no longer than a retry pauses, unless told otherwise', () => {
    expect(breakerOptions(undefined, retryPolicy())).toEqual({
      failures: 5,
      coolDownMs: 10_000,
      maxCoolDownMs: 30_000,
      probes: 1,
    });
    expect(breakerOptions({}, retryPolicy({ maxMs: 20 }))).toMatchObject({ coolDownMs: 20, maxCoolDownMs: 20 });
    expect(breakerOptions({ coolDownMs: 60_000 }, retryPolicy())).toMatchObject({ maxCoolDownMs: 60_000 });
    expect(breakerOptions(false, retryPolicy())).toBeUndefined();
  });
});

test('while a sink is down one write tries at a time, of all lanes, and a wall clock that jumps changes nothing', async () => {
  const lanes = ['a', 'b', 'c', 'd'];
  const source = scriptedSource(async function* (_, closed) {
    for (const lane of lanes) {
      yield scriptedLane(lane, async function* () {
        yield batchOf(lane, 0, 3);
        await until(closed);
      });
    }
    await until(closed);
  });
  const notices: Notice[] = [];
  let isDown = true;
  let underWay = 0;
  let most = 0;
  let tries = 0;
  const written: string[] = [];
  const sink = sinkOf(async (events) => {
    underWay += 1;
    tries += 1;
    if (running.report().breaker?.state === 'half-open') most = Math.max(most, underWay);
    await new Promise(setImmediate);
    underWay -= 1;
    if (isDown) throw down();
    written.push(...events.map(({ id }) => id));
  });
  const running = pipeline('test', { notice: (one) => notices.push(one) })
    .from(source)
    .to(sink, {
      checkpoints: memoryCheckpoints(),
      retry: { initialMs: 0, maxMs: 1, maxAttempts: 1_000 },
      circuitBreaker: { failures: 5, coolDownMs: 5, maxCoolDownMs: 10 },
    });
  const ended = running.run();
  const { now } = Date;
  try {
    await waitFor(() => notices.filter(({ message }) => message.includes('left alone')).length > 3, {
      what: 'openings',
    });
    Date.now = () => now() + 3_600_000;
    const before = tries;
    await waitFor(() => tries > before + 3, { what: 'probes after the clock went forward' });
    Date.now = () => now() - 3_600_000;
    await waitFor(() => tries > before + 6, { what: 'probes after the clock went back' });
  } finally {
    Date.now = now;
  }
  isDown = false;
  await waitFor(() => written.length === 12, { what: 'all to be written' });
  expect(most).toBe(1);
  expect(running.report().breaker).toEqual({ state: 'closed', failures: 0 });
  expect(notices.at(-1)).toMatchObject({ message: 'sink given takes writes again', code: 'TEST_DOWN' });
  await running.drain();
  await ended;
});

test('the breaker outlives reopenings of the sink', async () => {
  const source = memorySource<number>();
  source.push({ data: 1 });
  let tries = 0;
  const sink = sinkOf(async () => {
    tries += 1;
    throw down();
  });
  const running = pipeline('test', { notice: () => {} })
    .from(source)
    .to(sink as never, {
      checkpoints: memoryCheckpoints(),
      retry: { initialMs: 0, maxMs: 0, maxAttempts: 2 },
      circuitBreaker: { failures: 5, coolDownMs: 600_000 },
    });
  const ended = running.run();
  await waitFor(() => running.report().breaker?.state === 'open', { what: 'the breaker to open' });
  await waitFor(() => running.report().stages.at(-1)?.held === 1, { what: 'the third opening to wait' });
  expect([tries, running.report().counters.generations]).toEqual([5, 3]);
  const report = await running.drain({ timeoutMs: 50 });
  expect(report.givenUp).toEqual(new Map([['memory', 1]]));
  expect(tries).toBeGreaterThan(5);
  await ended;
});

test('bad events and data do not count as failures of the sink', async () => {
  const source = memorySource<number>({ batch: 1 });
  source.push(...Array.from({ length: 20 }, (_, n) => ({ data: n })));
  source.end();
  const opened = gate<string>();
  const sink = sinkOf(async () => {
    throw new ComponentError('TEST_DATA', 'bad data', { retry: 'never' });
  });
  const running = pipeline('test', { notice: ({ message }) => opened.resolve(message) })
    .from(source)
    .to(sink as never, { checkpoints: memoryCheckpoints(), onFailure: 'skip', circuitBreaker: { failures: 1 } });
  await running.run();
  expect(running.report()).toMatchObject({ counters: { skipped: 20 }, breaker: { state: 'closed', failures: 0 } });
});
