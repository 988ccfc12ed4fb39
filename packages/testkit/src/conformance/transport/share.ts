import { isComponentError } from '@sluice/contracts';
import { trackResources } from '../../leak/track-resources.js';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import type { ConformanceTest } from '../suite.js';
import { eventsOf, reachHead, settle, texts } from './transport-bench.js';
import type { Check, TransportUnderTest } from './transport-fixture.js';

/** Who gets which events, and when they are safe. */
export function sharePromises(check: Check, { features, refusedTopics = [] }: TransportUnderTest): ConformanceTest[] {
  const ungrouped = features.groups ? false : 'members of a group do not share events';
  const volatile = features.durable ? false : 'it is not durable';

  return [
    check('each group gets all events', async (bench) => {
      await using one = await bench.subscribe(['t'], 'one');
      await using two = await bench.subscribe(['t'], 'two');
      await bench.send('t', texts(20));
      for (const reader of [one, two]) {
        await reader.untilEvents(20);
        mustEqual(reader.values.sort(), texts(20).sort(), 'the events of a group');
        await settle(reader);
      }
    }),

    check(
      'members of one group share the events: each goes to one of them',
      async (bench) => {
        await using one = await bench.subscribe(['t', 'u'], 'g');
        await using two = await bench.subscribe(['t', 'u'], 'g');
        await bench.send('t', texts(20));
        await bench.send('u', texts(20, 20));
        const all = () => one.values.length + two.values.length >= 40;
        await Promise.all([one.until('40 events over both', all), two.until('40 events over both', all)]);
        for (const reader of [one, two]) await reachHead(reader, features);
        mustEqual([...one.values, ...two.values].sort(), texts(40).sort(), 'the events over both members');
        for (const reader of [one, two]) await settle(reader);
      },
      ungrouped,
    ),

    check('what a member has not settled goes to another once it has ended, the same', async (bench) => {
      const before = await bench.subscribe(['t'], 'g');
      await bench.send('t', texts(6));
      await before.untilEvents(6);
      const first = eventsOf(before);
      await before[Symbol.asyncDispose]();
      await using after = await bench.subscribe(['t'], 'g');
      await after.untilEvents(6);
      const facts = (event: { id: string; key: string | undefined; version: { value: bigint } }) =>
        `${event.id} ${event.key} ${event.version.value}`;
      mustEqual(eventsOf(after).map(facts).sort(), first.map(facts).sort(), 'ids, keys and versions on redelivery');
      await settle(after);
    }),

    check('what a member has settled does not go to another', async (bench) => {
      const checkpoints = await (async () => {
        await using before = await bench.subscribe(['t'], 'g');
        await bench.send('t', texts(6));
        await before.untilEvents(6);
        await settle(before);
        return before.checkpoints;
      })();
      await using after = await bench.subscribe(['t'], 'g', checkpoints);
      await bench.send('t', texts(6, 6));
      await after.untilEvents(6);
      mustEqual(after.values.sort(), texts(6, 6).sort(), 'the events that come after');
      await settle(after);
    }),

    check('topics are kept apart, whatever their names have in common', async (bench) => {
      const topics = ['a.b', 'a-b', 'a_b', 'ab', 'A.b', 'a.b.c'];
      const readers = await Promise.all(topics.map((topic) => bench.subscribe([topic], topic)));
      for (const topic of topics) await bench.send(topic, [topic]);
      for (const [at, reader] of readers.entries()) {
        await reader.untilEvents(1);
        await reachHead(reader, features);
        mustEqual(reader.values, [topics[at]], 'the events of a topic');
        await settle(reader);
        await reader[Symbol.asyncDispose]();
      }
    }),

    check('a subscription to several topics gets the events of each', async (bench) => {
      await using reader = await bench.subscribe(['t', 'u', 'v'], 'g');
      for (const topic of ['t', 'u', 'v', 'w']) await bench.send(topic, [topic]);
      await reader.untilEvents(3);
      mustEqual(reader.values.sort(), ['t', 'u', 'v'], 'the events');
      await settle(reader);
    }),

    check('publish resolves when the transport has the events, so that a publisher may end', async (bench) => {
      await using reader = await bench.subscribe(['t'], 'g');
      await reader.until('a lane', () => reader.lanes.size > 0);
      for (const from of [0, 5, 10]) {
        await bench.send('t', texts(5, from));
        await bench.stopPublishing();
        if (features.ack === 'individual') await reader.untilEvents(from + 5);
        else await reader.settleAt(await reader.session.head());
        mustEqual(reader.values.length, from + 5, 'events up to the head, once publish has resolved');
      }
      await settle(reader);
    }),

    check(
      'what was published is still there after a restart of everything',
      async (bench, fixture) => {
        await bench.send('t', texts(10));
        await bench.stopPublishing();
        const again = fixture.transport();
        mustHold(again !== bench.transport, 'a durable transport can be made anew');
        await using reader = await bench.subscribe(['t'], 'g');
        await reader.untilEvents(10);
        mustEqual(reader.values.sort(), texts(10).sort(), 'the events');
        await settle(reader);
      },
      volatile,
    ),

    check('after it was closed, a publisher does not lose an event in silence', async (bench) => {
      await using reader = await bench.subscribe(['t'], 'g');
      const publisher = await bench.transport.publisher(bench.context);
      await publisher.publish(bench.name('t'), [bench.event('before')]);
      await publisher[Symbol.asyncDispose]();
      await publisher[Symbol.asyncDispose]();
      const outcome = await publisher.publish(bench.name('t'), [bench.event('after')]).then(
        () => 'published',
        (error: unknown) => (isComponentError(error) ? 'refused' : error),
      );
      mustHold(
        outcome === 'published' || outcome === 'refused',
        'a late publish resolves, or rejects with a code',
        outcome,
      );
      const expected = outcome === 'published' ? ['before', 'after'] : ['before'];
      await reader.untilEvents(expected.length);
      mustEqual(reader.values.sort(), expected.sort(), 'the events');
      await settle(reader);
    }),

    check(
      'what is no topic is refused by publish and by subscribe',
      async (bench) => {
        for (const topic of refusedTopics) {
          const shown = JSON.stringify(topic).slice(0, 30);
          const publish = async () => {
            await using publisher = await bench.transport.publisher(bench.context);
            await publisher.publish(topic, [bench.event('x')]);
          };
          const error = await mustReject(publish, `publish to ${shown} rejects`);
          mustHold(error.retry === 'never' || error.retry === 'operator', 'trying again is of no use', error.retry);
          await mustReject(async () => {
            const source = bench.transport.subscribe({ topics: [topic], group: 'g' });
            const checkpoints = new Map();
            const session = await source.open({ ...bench.context, checkpoints, maxBatchBytes: 1_000 });
            await session[Symbol.asyncDispose]();
          }, `a subscription to ${shown} rejects`);
        }
      },
      refusedTopics.length === 0 && 'any text is a topic',
    ),

    check('a closed publisher leaves nothing open', async (bench) => {
      const life = async () => {
        await bench.send('t', texts(3));
        await bench.stopPublishing();
      };
      await life();
      using tracker = trackResources();
      await life();
      await tracker.assertNoLeaks();
    }),
  ];
}
