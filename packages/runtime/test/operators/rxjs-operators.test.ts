import { assertSettled, waitFor } from '@sluice/testkit';
import {
  concatMap,
  delay,
  filter,
  map,
  merge,
  mergeMap,
  type OperatorFunction,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import { expect, test, vi } from 'vitest';
import { type Delivery, memoryCheckpoints, memorySink, memorySource, type Notice, pipeline } from '../../src/index.js';

vi.setConfig({ testTimeout: 60_000 });

type Step = OperatorFunction<Delivery<number>, Delivery<number>>;

function run(operator: Step, options: { settlementTimeoutMs?: number } = {}) {
  const source = memorySource<number>({ batch: 5, name: 'a' });
  source.push(...Array.from({ length: 30 }, (_, n) => ({ key: `k${n % 5}`, data: n })));
  const sink = memorySink<number>();
  const notices: Notice[] = [];
  const running = pipeline('test', { notice: (notice) => notices.push(notice), ...options })
    .from(source)
    .pipe(operator)
    .to(sink, { checkpoints: memoryCheckpoints(), retry: { initialMs: 1, maxMs: 1 } });
  const ended = running.run();
  ended.catch(() => 'looked at by the test');
  return { source, sink, notices, running, ended };
}

const inOrder = Array.from({ length: 30 }, (_, n) => `a-${n}`);

for (const [name, operator] of Object.entries<Step>({
  delay: delay(5),
  'concatMap with a promise': concatMap(async (delivery) => {
    await new Promise(setImmediate);
    return delivery;
  }),
  'map with `with`': map((delivery) => delivery.with(delivery.events)),
})) {
  test(`${name} of RxJS is fine: nothing is lost, and the order stays`, async () => {
    const { sink, running, ended } = run(operator);
    await running.caughtUp();
    await waitFor(() => sink.events.length === 30, { what: 'all events' });
    await running.drain();
    await ended;
    expect(sink.events.map(({ id }) => id)).toEqual(inOrder);
    assertSettled(running.report());
  });
}

for (const [name, operator] of Object.entries<Step>({
  filter: filter(({ events }) => events[0]?.data !== 25),
  'switchMap with a timer': switchMap((delivery) => timer(60_000).pipe(map(() => delivery))),
})) {
  test(`${name} of RxJS loses deliveries: the leak assertion names its stage`, async () => {
    const { running, ended } = run(operator);
    await waitFor(() => running.report().counters.received === 30, { what: 'all events' });
    expect(() => assertSettled(running.report())).toThrow(
      expect.objectContaining({
        code: 'TEST_DELIVERY_LEAKED',
        message: expect.stringMatching(/stage 1 .* holds [16]/),
      }),
    );
    await running.drain({ timeoutMs: 20 });
    await ended;
  });

  test(`${name} of RxJS loses deliveries: the settlement time-out names its stage, and they are not confirmed`, async () => {
    const { source, notices, running, ended } = run(operator, { settlementTimeoutMs: 100 });
    const lost = await waitFor(() => notices.find(({ code }) => code === 'PIPELINE_DELIVERY_LOST'), {
      what: 'the notice',
    });
    expect(lost.message).toContain('stage 1');
    expect(source.confirmed).toBeLessThan(30);
    await running.drain({ timeoutMs: 20 });
    await ended.catch(() => 'or it has failed for good');
  });
}

test('mergeMap of RxJS lets one delivery overtake another of its keys: it is refused, and the stage named', async () => {
  const { ended } = run(
    mergeMap((delivery) => timer(30 - 5 * (delivery.events[0]?.data ?? 0)).pipe(map(() => delivery))),
  );
  await expect(ended).rejects.toMatchObject({
    code: 'PIPELINE_DELIVERY_REORDERED',
    details: { stage: expect.stringContaining('stage 1') },
  });
});

test('filter of RxJS loses a delivery that others of its keys follow: that is refused at once, and the stage named', async () => {
  const { ended } = run(filter(({ events }) => events[0]?.data !== 10));
  await expect(ended).rejects.toMatchObject({
    code: 'PIPELINE_DELIVERY_REORDERED',
    message: expect.stringContaining('or has lost'),
    details: { stage: expect.stringContaining('stage 1') },
  });
});

test('take of RxJS ends early: the pipeline is told so, and starts anew where it was', async () => {
  const { sink, notices, running, ended } = run((deliveries) => deliveries.pipe(take(1)));
  await waitFor(() => sink.events.length === 30, { what: 'the events, by and by', timeoutMs: 30_000 });
  await running.drain();
  await ended;
  expect(sink.events.map(({ id }) => id)).toEqual(inOrder);
  expect(new Set(notices.map(({ code }) => code))).toEqual(new Set(['PIPELINE_STAGE_COMPLETED']));
});

test('an operator that throws fails the pipeline with the cause, after some openings', async () => {
  const cause = new Error('broken');
  const { ended } = run(
    tap(() => {
      throw cause;
    }),
  );
  await expect(ended).rejects.toMatchObject({ code: 'PIPELINE_STAGE_FAILED', cause });
});

test('an operator that subscribes twice emits each delivery twice: it is refused, and the stage named', async () => {
  const { sink, ended } = run((deliveries) => merge(deliveries, deliveries));
  await expect(ended).rejects.toMatchObject({
    code: 'PIPELINE_DELIVERY_REUSED',
    details: { stage: expect.any(String) },
  });
  expect(new Set(sink.events.map(({ id }) => id)).size).toBe(sink.events.length);
});
