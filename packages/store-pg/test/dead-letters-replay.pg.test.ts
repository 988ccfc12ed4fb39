import { BatchError, ComponentError, type Sink } from '@sluice/contracts';
import { memoryCheckpoints, memorySource, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { testDatabase } from '@sluice/testkit/postgres';
import { expect, test } from 'vitest';
import { postgresDeadLetters } from '../src/index.js';

type Data = { readonly n: number };

test('a key that is parked in Postgres is replayed in order, by a pipeline that was started later', {
  timeout: 120_000,
}, async () => {
  await using db = await testDatabase({ name: 'replay' });
  await using deadLetters = postgresDeadLetters({ connection: db.url });
  const source = memorySource<Data>({ batch: 4 });
  const checkpoints = memoryCheckpoints();
  const taken: string[] = [];
  let bad = true;
  const sink: Sink<Data> = {
    name: 'sink',
    features: { delivery: 'plain' },
    open: async () => ({
      async write(events) {
        const failures = new Map<number, ComponentError>();
        for (const [index, event] of events.entries()) {
          if (bad && event.data?.n === 0) failures.set(index, new ComponentError('TEST', 'bad', { retry: 'never' }));
          else taken.push(`${event.key} ${event.data?.n}`);
        }
        if (failures.size > 0) throw new BatchError(failures);
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
  const make = () =>
    pipeline('replay').from(source).to(sink, { checkpoints, deadLetters, onFailure: 'park', deadLetterPollMs: 50 });
  const key = '__proto__';
  const first = make();
  let ended = first.run();
  source.push({ key, data: { n: 0 } });
  await first.caughtUp();
  source.push(...[1, 2, 3, 4, 5].map((n) => ({ key: n === 3 ? 'other' : key, data: { n } })));
  await first.caughtUp();
  await first.drain();
  await ended;
  expect(taken).toEqual(['other 3']);
  expect([...(await deadLetters.parkedKeys('replay', 'sink'))]).toEqual([key]);

  bad = false;
  const second = make();
  ended = second.run();
  source.push({ key, data: { n: 6 } });
  await second.deadLetters.request({ key, limit: 1 }, 'ann');
  await waitFor(async () => (await deadLetters.parkedKeys('replay', 'sink')).size === 0, {
    what: 'the key to be free',
  });
  await second.caughtUp();
  source.push({ key, data: { n: 7 } });
  await second.caughtUp();
  await waitFor(() => taken.length === 8, { what: 'all of the key' });
  expect(taken.slice(1)).toEqual([0, 1, 2, 4, 5, 6, 7].map((n) => `${key} ${n}`));
  const [letter] = await second.deadLetters.list({ key, limit: 1 });
  expect((await second.deadLetters.audit(letter?.id ?? '')).map(({ action }) => action)).toEqual([
    'put',
    'requested',
    'replayed',
  ]);
  await second.drain();
  await ended;
});
