import type { Attributes, Metric, RecordGauge, Telemetry } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { StatusError } from '../src/index.js';
import { all, rejection, workplace } from './support/workshop.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a trace goes on from caller to server, and to the calls that are made within', async () => {
  const seen: unknown[] = [];
  const behind = await workplace({
    echo: (_, call) => {
      seen.push(call.trace);
      return {};
    },
  });
  const front = await workplace({
    echo: async (request, call) => {
      seen.push(call.trace);
      return { text: (await behind.client.echo(request, { within: call })).text };
    },
  });
  const trace = { traceparent, tracestate: 'vendor=1' };
  await front.client.echo({}, { trace });
  expect(seen).toEqual([trace, trace]);
  await front.client.echo({}, { headers: { traceparent: 'not one' } });
  expect(seen.slice(2)).toEqual([undefined, undefined]);
});

test('headers reach the handler, and a bad one is named without its value', async () => {
  let asked: unknown;
  const { client } = await workplace({
    echo: (_, call) => {
      asked = [call.header('tenant'), call.header('none'), call.peer, call.method];
      return {};
    },
  });
  await client.echo({}, { headers: { tenant: 'blue' } });
  expect(asked).toEqual(['blue', undefined, expect.stringMatching(/^127\.0\.0\.1:\d+$/), 'workshop.Workshop/Echo']);
  const bad = await rejection(client.echo({}, { headers: { tenant: 'se\ncret' } }));
  expect(bad).toMatchObject({ code: 'OPTIONS_INVALID', details: { option: 'headers' } });
  expect(String(bad)).not.toContain('cret');
});

test('calls are measured by method and status on both sides, and counted while they are in progress', async () => {
  const [onServer, onClient] = [recorded(), recorded()];
  let answer: (() => void) | undefined;
  const { client, server } = await workplace(
    {
      change: ({ text }) => {
        if (text === 'bad') throw new StatusError('INVALID_ARGUMENT', 'bad');
        return new Promise((resolve) => {
          answer = () => resolve({});
        });
      },
    },
    { server: { telemetry: onServer.telemetry }, client: { telemetry: onClient.telemetry } },
  );
  await client.echo({});
  await client.echo({});
  await rejection(client.change({ text: 'bad' }));
  await all(client.count({ from: 0, to: 3 }));
  const waiting = client.change({});
  await waitFor(() => answer !== undefined, { what: 'the call to arrive' });
  expect(onServer.gauges()).toEqual({ 'sluice.grpc.server.calls.active': 1 });
  answer?.();
  await waiting;
  const calls = {
    'workshop.Workshop/Echo OK': 2,
    'workshop.Workshop/Change INVALID_ARGUMENT': 1,
    'workshop.Workshop/Change OK': 1,
    'workshop.Workshop/Count OK': 1,
  };
  expect(onServer.counts('rpc.server.call.duration')).toEqual(calls);
  expect(onClient.counts('rpc.client.call.duration')).toEqual(calls);
  await server.drain();
  expect(onServer.gauges()).toEqual({});
});

test('a telemetry that throws fails no call', async () => {
  const telemetry: Telemetry = {
    counter: () => ({ add: () => {} }),
    histogram: () => {
      throw new Error('no room');
    },
    gauges: () => () => {},
  };
  const { client } = await workplace({}, { server: { telemetry }, client: { telemetry } });
  expect((await client.echo({ text: 'fine' })).text).toBe('fine');
});

/** A telemetry that keeps what it is told. */
function recorded() {
  const values = new Map<string, Record<string, number>>();
  const observers = new Set<(record: RecordGauge) => void | Promise<void>>();
  const telemetry: Telemetry = {
    counter: () => ({ add: () => {} }),
    histogram: (metric: Metric, attributes: Attributes) => ({
      record(value) {
        expect(Object.keys(attributes).sort()).toEqual([...metric.attributes].sort());
        expect(value).toBeGreaterThan(0);
        const counts = values.get(metric.name) ?? {};
        const name = `${attributes['rpc.method']} ${attributes['rpc.response.status_code']}`;
        values.set(metric.name, { ...counts, [name]: (counts[name] ?? 0) + 1 });
      },
    }),
    gauges(_, observe) {
      observers.add(observe);
      return () => void observers.delete(observe);
    },
  };
  return {
    telemetry,
    counts: (metric: string) => values.get(metric),
    gauges() {
      const seen: Record<string, number> = {};
      for (const observe of observers) {
        void observe((metric, value) => {
          seen[metric.name] = value;
        });
      }
      return seen;
    },
  };
}
