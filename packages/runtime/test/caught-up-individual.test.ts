import type { BatchFrame, Frame } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { memorySink, pipeline } from '../src/index.js';
import type { Numbered } from './support/events.js';
import { batchOf, gate, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

const token = { ack: async () => {}, release: async () => {}, extend: async () => {} };
const message = (n: number): BatchFrame<Numbered> => ({ ...batchOf('a', n, n + 1), tokens: [token] });
const pauseFor = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A source whose messages are acked singly, and whose lane and messages come late. */
function queue(lane: () => Promise<unknown>, frames: (closed: AbortSignal) => AsyncIterable<Frame<Numbered>>) {
  return scriptedSource(
    async function* (_, closed) {
      await lane();
      yield scriptedLane('a', () => frames(closed));
      await until(closed);
    },
    { features: { ack: 'individual', replayable: true } },
  );
}

test('caughtUp waits for the lanes of a source that acks singly, and for what they have at once', async () => {
  const source = queue(
    () => pauseFor(20),
    async function* (closed) {
      yield message(0);
      await pauseFor(10); // the source asks its server
      yield message(1);
      await until(closed);
    },
  );
  const sink = memorySink<Numbered>();
  const running = pipeline('test').from(source).to(sink);
  const ended = running.run();
  await running.caughtUp();
  expect(sink.events.map(({ data }) => data?.n)).toEqual([0, 1]);
  await running.drain();
  await ended;
});

test('caughtUp sees a message that was sent just before it was called', async () => {
  const sent = gate();
  const source = queue(
    async () => {},
    async function* (closed) {
      await sent.promise;
      await pauseFor(5);
      yield message(0);
      await until(closed);
    },
  );
  const sink = memorySink<Numbered>();
  const running = pipeline('test').from(source).to(sink);
  const ended = running.run();
  await running.caughtUp();
  expect(sink.events).toHaveLength(0);
  sent.resolve();
  await running.caughtUp();
  expect(sink.events).toHaveLength(1);
  await running.drain();
  await ended;
});
