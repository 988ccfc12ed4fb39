import { waitFor } from '@sluice/testkit';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { batchBy, mapEvents, memoryCheckpoints, memorySink, memorySource, pipeline } from '../../src/index.js';
import { prometheusTelemetry } from '../../src/telemetry/prometheus/index.js';

const said: unknown[] = [];
const warned = (warning: Error) => void said.push(warning.message);

beforeEach(() => {
  said.length = 0;
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said.push(text);
      return true;
    });
  }
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => void said.push(words));
  }
  process.on('warning', warned);
});

afterEach(() => {
  process.off('warning', warned);
  vi.restoreAllMocks();
});

test.each([
  { name: 'without telemetry', options: {} },
  { name: 'with telemetry', options: { telemetry: prometheusTelemetry({ registry: new Registry() }) } },
])('start, work, idling, a drain and a second start say nothing: $name', async ({ options }) => {
  const source = memorySource<number>({ batch: 10 });
  const sink = memorySink<number>({ delivery: 'atomic' });
  const checkpoints = memoryCheckpoints();
  for (const round of [1, 2]) {
    const running = pipeline('silent', options)
      .from(source)
      .pipe(
        mapEvents((n) => n + 1),
        batchBy({ events: 25, ms: 5 }),
      )
      .to(sink, { checkpoints });
    const ended = running.run();
    source.push(...Array.from({ length: 1000 }, (_, data) => ({ data, key: `${data % 7}` })));
    await running.caughtUp();
    await waitFor(() => source.confirmed === round * 1000, { what: 'the confirmation' });
    expect((await running.drain()).complete).toBe(true);
    await ended;
  }
  // A warning is emitted in a later turn than its cause.
  await new Promise(setImmediate);
  expect(sink.events).toHaveLength(2000);
  expect(said).toEqual([]);
});

test('what must be said is heard by this test', async () => {
  process.emitWarning('heard');
  console.log('seen');
  await new Promise(setImmediate);
  expect(said).toContainEqual('heard');
  expect(said).toContainEqual(['seen']);
});
