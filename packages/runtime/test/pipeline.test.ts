import { ComponentError } from '@sluice/contracts';
import { concatMap, delay, of } from 'rxjs';
import { expect, test } from 'vitest';
import {
  batchBy,
  expandEvents,
  filterEvents,
  mapEvents,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  partitionByKey,
  pipeline,
} from '../src/index.js';

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ data: { n: n + from }, key: `k${(n + from) % 7}` }));

test('events flow from source to sink in order, and the source hears that they are durable', async () => {
  const source = memorySource<{ n: number }>();
  const sink = memorySink<number>();
  source.push(...numbers(1000));
  const running = pipeline('flow')
    .from(source)
    .pipe(
      filterEvents(({ n }) => n % 2 === 0),
      mapEvents(({ n }) => n * 10),
    )
    .to(sink, { checkpoints: memoryCheckpoints() });
  const done = running.run();
  await running.caughtUp();
  source.push(...numbers(10, 1000));
  await running.caughtUp();
  expect(sink.events.map((event) => event.data)).toEqual(numbers(505).map((_, i) => i * 20));
  expect(await running.drain()).toMatchObject({ complete: true });
  await done;
  expect(source.confirmed).toBe(1010);
  expect(running.state).toBe('stopped');
  expect(running.report()).toMatchObject({ credits: { bytes: 0, batches: 0 }, unsettled: 0 });
});

test('a pipeline ends when its source does, and holds nothing back', async () => {
  const source = memorySource<{ n: number }>({ batch: 3 });
  const sink = memorySink<{ n: number }>();
  source.push(...numbers(100));
  source.end();
  await pipeline('ends')
    .from(source)
    .pipe(batchBy({ events: 1_000_000 }), partitionByKey({ partitions: 4 }))
    .to(sink, { checkpoints: memoryCheckpoints() })
    .run();
  expect(sink.events.map((event) => event.data?.n).sort((a, b) => Number(a) - Number(b))).toEqual(
    numbers(100).map(({ data }) => data.n),
  );
});

test('a restarted pipeline goes on from its checkpoint', async () => {
  const source = memorySource<{ n: number }>();
  const sink = memorySink<{ n: number }>({ delivery: 'atomic' });
  for (const from of [0, 250]) {
    source.push(...numbers(250, from));
    const running = pipeline('again')
      .from(source)
      .pipe(partitionByKey({ partitions: 3 }))
      .to(sink);
    void running.run();
    await running.caughtUp();
    await running.drain();
  }
  expect(sink.events).toHaveLength(500);
  expect(new Set(sink.events.map((event) => event.id)).size).toBe(500);
});

test('an event that an operator cannot process becomes a dead letter, the others of its batch go on', async () => {
  const source = memorySource<{ n: number }>();
  const sink = memorySink<number>();
  const deadLetters = memoryDeadLetters();
  source.push(...numbers(20));
  const running = pipeline('poison')
    .from(source)
    .pipe(
      mapEvents(({ n }) => {
        if (n === 13) throw new RangeError(`secret ${n}`);
        return n;
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters });
  void running.run();
  await running.caughtUp();
  await running.drain();
  expect(sink.events).toHaveLength(19);
  expect(deadLetters.letters.map(({ event, cause, lane }) => [event.id, cause.code, lane])).toEqual([
    ['memory-13', 'UNKNOWN', 'memory'],
  ]);
  expect(deadLetters.letters[0]?.cause.message).not.toContain('secret');
});

test('without dead letters such an event fails the pipeline, and the error names it', async () => {
  const source = memorySource<{ n: number }>();
  source.push(...numbers(20));
  const running = pipeline('poison')
    .from(source)
    .pipe(
      mapEvents(({ n }) => {
        if (n === 13) throw new RangeError(`secret ${n}`);
        return n;
      }),
    )
    .to(memorySink<number>(), { checkpoints: memoryCheckpoints() });
  await expect(running.run()).rejects.toMatchObject({
    code: 'PIPELINE_EVENT_FAILED',
    details: { event: 'memory-13', lane: 'memory' },
  });
  expect(running.state).toBe('failed');
});

test('no batch size can block a pipeline whose credits are smaller than it', async () => {
  const source = memorySource<{ n: number }>({ bytesPerEvent: 100, batch: 10 });
  const sink = memorySink<{ n: number }>();
  source.push(...numbers(500));
  const running = pipeline('tight', { credits: { bytes: 3000, batches: 2 } })
    .from(source)
    .pipe(
      batchBy({ events: 10_000 }),
      concatMap((delivery) => of(delivery).pipe(delay(1))),
      batchBy({ bytes: 1e9 }),
    )
    .to(sink, { checkpoints: memoryCheckpoints() });
  void running.run();
  await running.caughtUp();
  expect(sink.events).toHaveLength(500);
  await running.drain();
});

test('one event becomes several, and the source batch is settled when all of them are', async () => {
  const source = memorySource<{ n: number }>();
  const sink = memorySink<string>();
  source.push(...numbers(3));
  const running = pipeline('several')
    .from(source)
    .pipe(
      expandEvents(({ n }, event) =>
        Array.from({ length: n }, (_, i) => event.with(`${n}.${i}`, { idSuffix: String(i) })),
      ),
    )
    .to(sink, { checkpoints: memoryCheckpoints() });
  void running.run();
  await running.caughtUp();
  expect(sink.events.map(({ id, data }) => [id, data])).toEqual([
    ['memory-1#0', '1.0'],
    ['memory-2#0', '2.0'],
    ['memory-2#1', '2.1'],
  ]);
  await running.drain();
  expect(source.confirmed).toBe(3);
});

test('toLossy hands over single events, and unsubscribing drains', async () => {
  const source = memorySource<{ n: number }>();
  source.push(...numbers(5));
  source.end();
  const seen: number[] = [];
  await pipeline('lossy')
    .from(source)
    .pipe(mapEvents(({ n }) => n))
    .toLossy({ checkpoints: memoryCheckpoints() })
    .forEach((event) => void seen.push(event.data ?? -1));
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test('a composition that could lose its place is refused, and the error names the option', () => {
  const composition = pipeline('p').from(memorySource<number>());
  expect(() => composition.to(memorySink())).toThrow(/OPTIONS_INVALID.*`checkpoints`/);
  expect(() =>
    pipeline('bad name!')
      .from(memorySource())
      .to(memorySink({ delivery: 'atomic' })),
  ).toThrow(/name of a/);
  expect(() => batchBy({})).toThrow(ComponentError);
});
