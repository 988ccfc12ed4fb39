import { carryTrace, type Envelope } from '@sluice/contracts';
import { awkwardTexts } from '../awkward.js';
import { mustEqual, mustHold } from '../promise-broken.js';
import { factsIn } from '../sample-event.js';
import type { ConformanceTest } from '../suite.js';
import { eventsOf, reachHead, settle, type TransportBench, texts } from './transport-bench.js';
import type { Check, TransportUnderTest } from './transport-fixture.js';

/** What arrives, and as what. */
export function carryPromises(check: Check, { features }: TransportUnderTest): ConformanceTest[] {
  const unordered = features.orderedByKey ? false : 'it does not keep the order of a key';

  /** Publishes events and compares them with what arrives. */
  async function mustArrive(bench: TransportBench, events: readonly Envelope<Uint8Array>[]): Promise<void> {
    await using reader = await bench.subscribe(['t'], 'g');
    for (const event of events) await bench.publish('t', [event]);
    await reader.untilEvents(events.length);
    mustEqual(plainById(eventsOf(reader)), plainById(events), 'the events as they were published');
    await settle(reader);
  }

  return [
    check('declares the features it was enrolled with', async ({ transport }) => {
      mustEqual({ ...transport.features }, { ...features }, 'features');
    }),

    check('every event that was published arrives, and once', async (bench) => {
      await using reader = await bench.subscribe(['t'], 'g');
      await bench.publish('t', []);
      for (const from of [0, 20, 40]) await bench.send('t', texts(20, from));
      await Promise.all(texts(20, 60).map((text) => bench.send('t', [text])));
      await reader.untilEvents(80);
      await reachHead(reader, features);
      mustEqual(reader.values.sort(), texts(80).sort(), 'the events');
      await settle(reader);
    }),

    check(
      'events of one key arrive in the order in which they were published',
      async (bench) => {
        await using reader = await bench.subscribe(['t'], 'g');
        for (const from of [0, 25, 50]) await bench.send('t', texts(25, from));
        await reader.untilEvents(75);
        const last = new Map<string | undefined, bigint>();
        for (const { key, version } of eventsOf(reader)) {
          const before = last.get(key) ?? 0n;
          mustHold(version.value > before, 'an event after the one that was published before it', [
            before,
            version.value,
          ]);
          last.set(key, version.value);
        }
        mustEqual(last.size, 5, 'keys');
        await settle(reader);
      },
      unordered,
    ),

    check('an event arrives with all that it says of itself', async (bench) => {
      const event = bench.event('data', {
        id: '1/2#3',
        key: '["a","b"]',
        type: 'order.placed.v2',
        time: new Date(1_700_000_000_001),
        version: { epoch: '7412345678901234567/1', value: 2n ** 90n + 1n },
        headers: { traceparent: '00-1-2-03', empty: '', 'content-type': 'application/json' },
      });
      await mustArrive(bench, [event, bench.bytes(Buffer.from('no key'), { key: undefined })]);
    }),

    check('a deletion arrives as one, and is not the same as no bytes', async (bench) => {
      await mustArrive(bench, [bench.bytes(null, { key: 'a' }), bench.bytes(new Uint8Array(0), { key: 'a' })]);
    }),

    check('bytes of every value and of 50 kB arrive as they are', async (bench) => {
      const every = Uint8Array.from({ length: 256 }, (_, n) => n);
      const large = Uint8Array.from({ length: 50_000 }, (_, n) => (n * 7) % 256);
      await mustArrive(bench, [bench.bytes(every, { key: 'a' }), bench.bytes(large, { key: 'a' })]);
    }),

    check('any text is a key, a type, an id and the value of a header', async (bench) => {
      const events = awkwardTexts.map((text, at) =>
        bench.event(text, { id: `${at} ${text}`, key: text, type: text, headers: { h: text.slice(0, 2_000) } }),
      );
      await mustArrive(bench, events);
    }),

    check('headers are neither added to nor split by what is in them', async (bench) => {
      const names = ['__proto__', 'constructor', 'id', 'key', 'data', 'x-1_2.3'];
      const headers = Object.fromEntries(names.map((name) => [name, `${name}: a\r\ninjected: yes\u0000`]));
      await mustArrive(bench, [bench.event('x', { headers }), bench.event('y', { headers: {} })]);
    }),

    check('the trace that is given with a publish is in the headers', async (bench) => {
      await using reader = await bench.subscribe(['t'], 'g');
      const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b' };
      const event = bench.event('x', { headers: { traceparent: 'old', other: 'kept' } });
      await bench.publish('t', [event], { trace });
      await reader.untilEvents(1);
      const [expected] = carryTrace([event], trace);
      mustEqual({ ...eventsOf(reader)[0]?.headers }, { ...expected?.headers }, 'the headers');
      await settle(reader);
    }),
  ];
}

/** All that events say, in the order of their ids: whether keys are in order is another promise. */
function plainById(events: readonly Envelope<Uint8Array>[]): unknown[] {
  return events
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((event) => ({ ...(factsIn(event) as object), data: event.data === null ? null : [...event.data] }));
}
