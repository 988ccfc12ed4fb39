import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { LaneReader } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import {
  batchBy,
  dedupeEvents,
  mapEventsAsync,
  memoryCheckpoints,
  memorySink,
  memoryState,
  partitionByKey,
  pipeline,
  windowEvents,
} from '../src/index.js';
import { EndedLanes } from '../src/lane/ended-lanes.js';
import { prometheusTelemetry } from '../src/telemetry/prometheus/index.js';
import type { Numbered } from './support/events.js';
import { at, batchOf, place, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;
const retry = { initialMs: 1, maxMs: 1 };

/** A source that announces so many lanes of one batch, and stays open; it remembers their readers weakly. */
function inventive(count: number) {
  const readers: WeakRef<LaneReader<Numbered>>[] = [];
  let confirmed = 0;
  const source = scriptedSource(async function* (_, closed) {
    for (let n = 0; n < count; n++) {
      const reader = scriptedLane(`lane-${n}`, async function* () {
        yield batchOf(`lane-${n}`, 0, 3);
      });
      const { confirm } = reader;
      const counting: LaneReader<Numbered>['confirm'] = async (upTo) => {
        await confirm(upTo);
        confirmed += 1;
      };
      Object.assign(reader, { confirm: counting });
      readers.push(new WeakRef(reader));
      yield reader;
    }
    await until(closed);
  });
  return {
    source,
    get confirmed() {
      return confirmed;
    },
    get alive() {
      collect();
      return readers.filter((one) => one.deref() !== undefined).length;
    },
  };
}

test('lanes that have ended by themselves are let go of while the source goes on', async () => {
  const lanes = inventive(200);
  const running = pipeline('test', {
    checkpointIntervalMs: 1,
    telemetry: prometheusTelemetry({ registry: new Registry() }),
  })
    .from(lanes.source)
    .to(memorySink<Numbered>(), { checkpoints: memoryCheckpoints(), retry });
  const ended = running.run();
  await waitFor(() => lanes.confirmed === 200, { what: 'all lanes' });
  await waitFor(() => lanes.alive <= 5, { what: 'lanes that are let go of' });
  await running.drain();
  await ended;
});

test('operators let go of lanes that have ended', async () => {
  const lanes = inventive(200);
  const store = memoryState();
  const running = pipeline('test', { checkpointIntervalMs: 1 })
    .from(lanes.source)
    .pipe(
      dedupeEvents<Numbered>({ store, scope: 'inbox' }),
      mapEventsAsync(async (data: Numbered) => data),
      partitionByKey({ partitions: 3 }),
      batchBy({ events: 2, ms: 1 }),
    )
    .to(memorySink(), { checkpoints: memoryCheckpoints(), retry });
  const ended = running.run();
  await waitFor(() => lanes.confirmed === 200, { what: 'all lanes' });
  await waitFor(() => lanes.alive <= 5, { what: 'lanes that are let go of' });
  await running.drain();
  await ended;
});

test('windows let go of lanes that have ended', async () => {
  const lanes = inventive(1_100);
  const windows = {
    store: memoryState(),
    scope: 's',
    sizeMs: 10,
    initial: () => 0,
    reduce: (count: number) => count + 1,
  };
  const running = pipeline('test', { checkpointIntervalMs: 1 })
    .from(lanes.source)
    .pipe(windowEvents<Numbered, number>(windows))
    .to(memorySink(), { checkpoints: memoryCheckpoints(), retry });
  const ended = running.run();
  await waitFor(() => lanes.confirmed === 1_100, { what: 'all lanes' });
  await waitFor(() => lanes.alive <= 200, { what: 'lanes that are let go of' });
  await running.drain();
  await ended;
});

test('a lane begins long after those that it comes after have ended, and removes their checkpoints', async () => {
  const checkpoints = memoryCheckpoints();
  const names = Array.from({ length: 50 }, (_, n) => `range-${n}`);
  const done = new Set<string>();
  const source = scriptedSource(async function* (_, closed) {
    for (const lane of names) {
      const reader = scriptedLane(lane, async function* () {
        yield batchOf(lane, 0, 2);
      });
      yield Object.assign(reader, { confirm: async () => void done.add(lane) });
    }
    while (done.size < names.length && !closed.aborted) await new Promise(setImmediate);
    yield scriptedLane(
      'main',
      async function* () {
        yield batchOf('main', 5, 8);
      },
      { start: at(5), after: names },
    );
  });
  const running = pipeline('test', { checkpointIntervalMs: 1 })
    .from(source)
    .to(memorySink<Numbered>(), { checkpoints, retry });
  await running.run();
  const left = (await checkpoints.load('test')).filter(({ checkpoint }) => checkpoint !== null);
  expect(left.map(({ lane, checkpoint }) => [lane, place(checkpoint?.position)])).toEqual([['main', 8]]);
});

test('so many names of ended lanes are remembered and no more', () => {
  const lanes = new EndedLanes(3);
  for (const lane of ['a', 'b', 'c', 'd']) lanes.add(lane, 1n);
  lanes.cleared('c');
  expect([lanes.size, lanes.has('a'), lanes.has('d'), lanes.fence('c'), lanes.fence('d')]).toEqual([
    3,
    false,
    true,
    undefined,
    1n,
  ]);
});
