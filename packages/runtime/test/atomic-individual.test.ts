import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { mapEvents, memoryCheckpoints, memoryDeadLetters, pipeline } from '../src/index.js';
import type { Numbered } from './support/events.js';
import { QueueSource } from './support/queue-source.js';
import { refusingSink } from './support/refusing-sink.js';
import { gate } from './support/scripted-source.js';

test('an atomic sink behind a source that acks singly takes what waits once the batch before it became a dead letter', async () => {
  const source = new QueueSource(3, 1);
  const sink = refusingSink<Numbered>(() => undefined, 'atomic');
  const put = gate();
  const store = memoryDeadLetters();
  const deadLetters = {
    ...store,
    put: (letters: Parameters<typeof store.put>[0]) => put.promise.then(() => store.put(letters)),
  };
  const running = pipeline('p', { checkpointIntervalMs: 1 })
    .from(source)
    .pipe(
      mapEvents((data: Numbered) => {
        if (data.n === 0) throw new Error('bad');
        return data;
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters });
  const ended = running.run();
  await waitFor(() => running.report().counters.received === 3, { what: 'all to be read' });
  // Until the writer has looked for the last time by itself.
  let looks = 0;
  await waitFor(() => ++looks > 10, { what: 'the timers of the writer to pass' });
  put.resolve();
  await waitFor(() => source.acked.size === 3, { what: 'all to be acked' });
  expect(sink.values.map((data) => data?.n)).toEqual([1, 2]);
  await running.drain();
  await ended;
});
