import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  aggregateEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  memoryState,
  pipeline,
  windowEvents,
} from '../../src/index.js';

const refuseTwo = (mended: { readonly yet: boolean }, n: number | null) => {
  if (n === 2 && !mended.yet) throw new RangeError('two');
};

test('an event that an aggregate refused counts when it is replayed, and counts once', async () => {
  const mended = { yet: false };
  const store = memoryState();
  const source = memorySource<number>();
  const sink = memorySink<number>({ delivery: 'idempotent' });
  const deadLetters = memoryDeadLetters();
  const running = pipeline('sums')
    .from(source)
    .pipe(
      aggregateEvents({
        store,
        scope: 's',
        initial: () => 0,
        reduce(sum, n) {
          refuseTwo(mended, n);
          return sum + (n ?? 0);
        },
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters });
  const ended = running.run();
  source.push(...[1, 2, 4].map((data) => ({ key: 'a', data })));
  await running.caughtUp();
  expect(sink.events.map(({ data }) => data)).toEqual([5]);
  mended.yet = true;
  await running.deadLetters.request();
  await waitFor(() => deadLetters.letters[0]?.status === 'replayed', { what: 'the replay' });
  expect((await store.read('s', ['a'])).get('a')?.value).toBe(7);
  await running.drain();
  await ended;
});

test('an event that is replayed before a window is late: no second window is made of it', async () => {
  const mended = { yet: false };
  const store = memoryState();
  const source = memorySource<number>();
  const sink = memorySink<unknown>();
  const deadLetters = memoryDeadLetters();
  const running = pipeline('windows')
    .from(source)
    .pipe(
      windowEvents({
        store,
        scope: 'w',
        sizeMs: 10,
        timeOf: ({ data }) => new Date(data ?? 0),
        initial: () => 0,
        reduce(sum, n) {
          refuseTwo(mended, n);
          return sum + (n ?? 0);
        },
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters });
  const ended = running.run();
  source.push(...[1, 2, 4, 10].map((data) => ({ key: 'a', data })));
  await running.caughtUp();
  mended.yet = true;
  await running.deadLetters.request();
  const again = () =>
    deadLetters.letters.find(({ cause, status }) => cause.code === 'EVENT_LATE' && status === 'waiting');
  await waitFor(again, { what: 'the letter, waiting again' });
  source.push({ key: 'a', data: 30 });
  await running.caughtUp();
  expect(sink.events.map(({ id, data }) => [id, (data as { value: number }).value])).toEqual([
    ['w/a/1970-01-01T00:00:00.000Z', 5],
    ['w/a/1970-01-01T00:00:00.010Z', 10],
  ]);
  await running.drain();
  await ended;
});
