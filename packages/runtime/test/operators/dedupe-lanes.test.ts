import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  dedupeEvents,
  expandEvents,
  memoryCheckpoints,
  memorySink,
  memorySource,
  memoryState,
  pipeline,
} from '../../src/index.js';
import { PartitionedSource } from '../support/partitioned-source.js';
import { gate, sinkOf } from '../support/scripted-source.js';

test('an event that went back with its lane before it was durable is no copy when it comes again', async () => {
  const source = new PartitionedSource(new Map([['p', 8]]), 4);
  const hanging = gate();
  const written: string[] = [];
  let writes = 0;
  const running = pipeline('lanes')
    .from(source)
    .pipe(dedupeEvents({ store: memoryState(), scope: 's' }))
    .to(
      sinkOf(async (events) => {
        writes += 1;
        if (writes === 1) await hanging.promise;
        for (const { id } of events) written.push(id);
      }),
      { checkpoints: memoryCheckpoints(), retry: { initialMs: 1, maxMs: 1 } },
    );
  const ended = running.run();
  // The second batch waits behind the first, and is dropped with its lane.
  await waitFor(() => writes === 1 && running.report().counters.received === 8, { what: 'the first write' });
  await source.revoke('p', 0);
  source.assign('p');
  hanging.resolve();
  await waitFor(() => source.committed.get('p') === 8, { what: 'the commit' });
  await running.drain();
  await ended;
  expect(new Set(written)).toEqual(new Set(Array.from({ length: 8 }, (_, n) => `p-${n}`)));
});

test('copies in other batches on their way, and in other lanes, are known', async () => {
  const source = memorySource<number>({ batch: 1 });
  source.push({ key: 'a', data: 1 }, { key: 'a', data: 1 }, { key: 'b', data: 1 });
  source.end();
  const sink = memorySink<number>();
  const slow = gate();
  const running = pipeline('copies')
    .from(source)
    .pipe(
      expandEvents((data, event) => [event, event.with(data)]),
      dedupeEvents({ store: memoryState(), scope: 's', by: ({ data }) => String(data) }),
    )
    .to(
      {
        ...sink,
        open: async (ctx) => {
          const session = await sink.open(ctx);
          return { ...session, write: (events, of) => slow.promise.then(() => session.write(events, of)) };
        },
      },
      { checkpoints: memoryCheckpoints() },
    );
  const ended = running.run();
  await waitFor(() => running.report().counters.received === 3, { what: 'all of them' });
  slow.resolve();
  await ended;
  expect(sink.events).toHaveLength(1);
});
