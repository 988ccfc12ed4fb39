import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ComponentError } from '@sluice/contracts';
import { afterEach, expect, test } from 'vitest';
import {
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  pipeline,
} from '../../src/index.js';

const listening: [string, (message: unknown) => void][] = [];

/** What is published on a channel from now on. */
function heard(channel: string): unknown[] {
  const messages: unknown[] = [];
  const listener = (message: unknown) => messages.push(message);
  subscribe(channel, listener);
  listening.push([channel, listener]);
  return messages;
}

afterEach(() => {
  for (const [channel, listener] of listening.splice(0)) unsubscribe(channel, listener);
});

test('writes, checkpoints, generations and dead letters are told on channels, without data', async () => {
  const channels = ['write', 'checkpoint', 'generation', 'dead-letter'].map((name) => heard(`sluice:${name}`));
  const [writes, checkpoints, generations, deadLetters] = channels as [unknown[], unknown[], unknown[], unknown[]];
  const source = memorySource<number>();
  source.push(...[1, 2, 3].map((data) => ({ data, key: `secret-${data}`, headers: { secret: 'x' } })));
  source.end();
  await pipeline('told')
    .from(source)
    .pipe(
      mapEvents((n) => {
        if (n === 2) throw new ComponentError('KEY_INVALID', 'a secret in a message');
        return n;
      }),
    )
    .to(memorySink<number>({ name: 'store' }), {
      checkpoints: memoryCheckpoints(),
      deadLetters: memoryDeadLetters(),
    })
    .run();
  const of = { pipeline: 'told', sink: 'store' };
  expect(writes).toEqual([{ ...of, events: 2, attempt: 0, tookMs: expect.any(Number) }]);
  const position = { resume: '0000000000000003', within: 0 };
  expect(checkpoints.at(-1)).toEqual({
    ...of,
    positions: [{ lane: 'memory', position }],
    outcome: 'saved',
    tookMs: expect.any(Number),
  });
  expect(generations).toEqual([
    { ...of, generation: 1, phase: 'opened' },
    { ...of, generation: 1, phase: 'closed' },
  ]);
  expect(deadLetters).toEqual([{ ...of, lane: 'memory', events: { KEY_INVALID: 1 }, attempts: 1 }]);
  expect(JSON.stringify(channels)).not.toContain('secret');
});

test('an atomic sink tells its checkpoints with its writes', async () => {
  const checkpoints = heard('sluice:checkpoint');
  const source = memorySource<number>();
  source.push({ data: 1 });
  source.end();
  await pipeline('atomic')
    .from(source)
    .to(memorySink<number>({ delivery: 'atomic' }))
    .run();
  expect(checkpoints).toContainEqual(
    expect.objectContaining({
      outcome: 'saved',
      positions: [{ lane: 'memory', position: { resume: '0000000000000001', within: 0 } }],
    }),
  );
});
