import { ComponentError, type Envelope, type Sink } from '@sluice/contracts';
import { memoryCheckpoints, memoryDeadLetters, memoryTransport, pipeline } from '@sluice/runtime';
import { expect, test } from 'vitest';
import { patientSink } from '../src/sink/patient-sink.js';
import { logEvent } from './support/log-event.js';

/** Writes one event; gives what was written and what was given up. `fail` is asked at each try. */
async function through(fail: (attempt: number) => unknown): Promise<{ written: string[]; dead: string[] }> {
  const written: string[] = [];
  let tries = 0;
  const sink: Sink<Uint8Array> = {
    name: 'sink',
    features: { delivery: 'idempotent', maxEvents: 10 },
    open: async () => ({
      async write(events: readonly Envelope<Uint8Array>[]) {
        tries += 1;
        const error = fail(tries);
        if (error !== undefined) throw error;
        written.push(...events.map(({ data }) => Buffer.from(data as Uint8Array).toString()));
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
  const [transport, deadLetters] = [memoryTransport(), memoryDeadLetters()];
  const signal = new AbortController().signal;
  await using publisher = await transport.publisher({ pipeline: 'test', signal, notice: () => undefined });
  await publisher.publish('topic', [logEvent('event', 'a')]);
  const running = pipeline('patient', { notice: () => undefined })
    .from(transport.subscribe({ topics: ['topic'], group: 'patient' }))
    .to(patientSink(sink), {
      checkpoints: memoryCheckpoints(),
      deadLetters,
      onFailure: 'skip',
      retry: { maxAttempts: 2, initialMs: 1, maxMs: 5 },
    });
  const ended = running.run();
  await Promise.race([running.caughtUp({ timeoutMs: 60_000 }), ended]);
  await running.drain();
  await ended;
  return { written, dead: (await deadLetters.list({ pipeline: 'patient' })).map(({ cause }) => cause.code) };
}

test.each([Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }), new TypeError('x is undefined')])(
  'an outage that nobody has foreseen gives no event up, however long it lasts: %s',
  async (error) => {
    expect(await through((tries) => (tries < 12 ? error : undefined))).toEqual({ written: ['event'], dead: [] });
  },
);

test('what is known to be bad is given up', async () => {
  expect(await through(() => new ComponentError('OBJECT_DAMAGED', 'no label'))).toEqual({
    written: [],
    dead: ['OBJECT_DAMAGED'],
  });
});
