import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  type MemoryEvent,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  pipeline,
  SCHEMA_VERSION,
  type Upcasters,
  upcastEvents,
} from '../../src/index.js';

vi.setConfig({ testTimeout: 60_000 });

const steps: Upcasters = {
  sent: {
    1: ({ name }: { name: string }) => ({ first: name }),
    2: ({ first }: { first: string }) => ({ first, last: '' }),
  },
  __proto__x: {},
};

async function upcast(events: readonly MemoryEvent<unknown>[], upcasters: Upcasters = steps) {
  const source = memorySource<unknown>();
  const sink = memorySink<unknown>();
  const deadLetters = memoryDeadLetters();
  source.push(...events);
  source.end();
  await pipeline('upcast')
    .from(source)
    .pipe(upcastEvents(upcasters))
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters })
    .run();
  return { events: sink.events, letters: deadLetters.letters };
}

test('an event is brought from its version to the newest, one step after the other', async () => {
  const { events } = await upcast([
    { type: 'sent', data: { name: 'Ada' } },
    { type: 'sent', data: { first: 'Ada' }, headers: { [SCHEMA_VERSION]: '2' } },
    { type: 'sent', data: { first: 'Ada', last: 'L' }, headers: { [SCHEMA_VERSION]: '3' } },
    { type: 'sent.v2', data: { first: 'Ada' } },
    { type: 'other', data: 1 },
    { type: 'sent', data: null },
  ]);
  expect(events.map(({ type, headers, data }) => [type, headers[SCHEMA_VERSION], data])).toEqual([
    ['sent', '3', { first: 'Ada', last: '' }],
    ['sent', '3', { first: 'Ada', last: '' }],
    ['sent', '3', { first: 'Ada', last: 'L' }],
    ['sent.v3', undefined, { first: 'Ada', last: '' }],
    ['other', undefined, 1],
    ['sent', undefined, null],
  ]);
});

test('a version that nobody knows is a dead letter: newer, older than the first, and no number', async () => {
  const { events, letters } = await upcast(
    ['4', '1', '99999999999', '02', '-1', 'x'].map((version) => ({
      type: 'sent',
      data: {},
      headers: { [SCHEMA_VERSION]: version },
    })),
    { sent: { 2: (data) => data } },
  );
  expect(events).toEqual([]);
  expect(letters.map(({ cause }) => cause.code)).toEqual(Array(6).fill('EVENT_VERSION_UNKNOWN'));
});

test('an upcaster that throws diverts the event as it came', async () => {
  const { letters } = await upcast([{ type: 'sent', data: 'old' }], {
    sent: {
      1: () => {
        throw new TypeError('no');
      },
    },
  });
  expect(letters[0]?.event.data).toBe('old');
});

test('upcasters that leave a version out are refused', () => {
  expect(() => upcastEvents({ sent: { 1: () => 1, 3: () => 1 } })).toThrow(
    expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining('sent') }),
  );
});

test('whatever the version that an event has, it comes out as the newest one, having gone each step once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.integer({ min: 1, max: 7 })),
      async (last, versions) => {
        const chain = Object.fromEntries(
          Array.from({ length: last }, (_, n) => [n + 1, (gone: number[]) => [...gone, n + 1]]),
        );
        const { events } = await upcast(
          versions.map((version) => ({ type: 'x', data: [], headers: { [SCHEMA_VERSION]: String(version) } })),
          { x: chain as never },
        );
        const steps = versions
          .filter((version) => version <= last + 1)
          .map((version) => Array.from({ length: last + 1 - version }, (_, n) => version + n));
        expect(events.map(({ data }) => data)).toEqual(steps);
      },
    ),
    { numRuns: 20 },
  );
});
