import { BatchError, ComponentError, type Sink } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { memoryCheckpoints } from '../src/index.js';
import { poisoned } from './support/refusing-sink.js';
import { at, type Data, given, none, ns, running } from './support/replaying.js';
import { gate } from './support/scripted-source.js';

/** An atomic sink that refuses number 1 until it is healed, and whose write of it waits then. */
function atomicSink() {
  const checkpoints = memoryCheckpoints();
  const taken: Data[] = [];
  const state = { healed: false, waits: gate(), waiting: false };
  const sink: Sink<Data> = {
    name: 'atomic',
    features: { delivery: 'atomic' },
    async open() {
      return {
        checkpoints,
        async write(events, ctx) {
          const bad = events.findIndex(({ data }) => data?.n === 1);
          if (bad >= 0 && !state.healed) throw new BatchError(new Map([[bad, poisoned()]]));
          if (bad >= 0) {
            state.waiting = true;
            await state.waits.promise;
          }
          if ((await checkpoints.save(ctx.checkpoints)) === 'fenced') {
            throw new ComponentError('CHECKPOINT_FENCED', 'another has the lane');
          }
          for (const { data } of events) taken.push(data as Data);
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
  return { sink, checkpoints, taken, state };
}

test('a replay that was frozen while another instance took its lane over changes nothing in an atomic sink; the letter stays requested', async () => {
  const { source, deadLetters, from, to } = given();
  const { sink, checkpoints, taken, state } = atomicSink();
  const pipe = from.to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1, 2));
    await pipe.caughtUp();
    state.healed = true;
    await pipe.deadLetters.request();
    await waitFor(() => state.waiting, { what: 'the replay to be in its write' });
    const lane = (await checkpoints.load('test')).find((stored) => stored.sink === 'atomic')?.lane ?? '';
    await checkpoints.acquire('test', 'atomic', lane, 'another');
    const before = await checkpoints.load('test');
    state.waits.resolve();
    await waitFor(() => pipe.deadLetters.list({ status: 'requested' }).then(({ length }) => length > 0), {
      what: 'the letter to be requested still',
    });
    expect(ns(taken.map((data) => ({ data })))).toEqual([0]);
    expect(await checkpoints.load('test')).toEqual(before);
  });
  expect(deadLetters.letters.map(({ status }) => status)).not.toContain('replayed');
});

test('while replayed events are written under the fence of their lane, its own writes wait, and no checkpoint goes back', async () => {
  const { source, deadLetters, from, to } = given();
  const { sink, checkpoints, taken, state } = atomicSink();
  const pipe = from.to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1, 2), ...at('b', 0));
    await pipe.caughtUp();
    state.healed = true;
    await pipe.deadLetters.request();
    await waitFor(() => state.waiting, { what: 'the replay to be in its write' });
    source.push(...at('b', 5, 6, 7));
    await waitFor(() => pipe.report().unsettled > 0, { what: 'new events on their way' });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(ns(taken.map((data) => ({ data })))).toEqual([0, 0]);
    state.waits.resolve();
    await pipe.caughtUp();
    await none(deadLetters);
  });
  expect(ns(taken.map((data) => ({ data })))).toEqual(expect.arrayContaining([0, 0, 1, 2, 5, 6, 7]));
  expect(taken).toHaveLength(7);
  const positions = (await checkpoints.load('test')).map(({ checkpoint }) =>
    Number.parseInt(checkpoint?.position.resume ?? '', 16),
  );
  expect(positions).toEqual([7]);
});
