import type { Checkpoint } from '@sluice/contracts';
import { mustEqual, mustHold, mustReject } from '../promise-broken.js';
import { samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './sink-conformance.js';
import type { SinkFixture, SinkUnderTest } from './sink-fixture.js';
import { checkpointAt, held, SinkWriter } from './sink-writer.js';

/** What an atomic sink promises: events and checkpoints together, or neither. */
export function atomicPromises<T>(check: Check<T>, subject: SinkUnderTest<T>): ConformanceTest[] {
  const { delivery } = subject.features;
  const unless = delivery === 'atomic' ? false : `its delivery is ${delivery}`;
  const unlessPoisoned = unless || (subject.poisonable ? false : 'nothing that it is given can be refused');
  const nothing = held(subject, []);

  return [
    check('events and checkpoints become durable together', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const [one, two] = [await writer.acquire('one'), await writer.acquire('two')];
      await writer.write(writer.events(samples(5)), [one('A'), two('B')]);
      mustEqual(held(subject, await fixture.read()), held(subject, samples(5)), 'the events');
      mustEqual(await stored(fixture), { one: checkpointAt('A'), two: checkpointAt('B') }, 'the checkpoints');
    }),

    check('checkpoints alone are stored by a write without events', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const lane = await writer.acquire('lane');
      await writer.write([], [lane('A')]);
      await writer.write([], [lane('B')]);
      mustEqual(await stored(fixture), { lane: checkpointAt('B') }, 'the checkpoint');
    }),

    check('a lane that has ended is removed with its last events', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const lane = await writer.acquire('lane');
      await writer.write(writer.events(samples(1)), [lane('A')]);
      await writer.write(writer.events(samples(1, 1)), [{ ...lane('B'), checkpoint: null }]);
      mustEqual(await stored(fixture), {}, 'the checkpoints');
    }),

    check('a fenced write leaves nothing', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const stale = await writer.acquire('lane');
      const good = await writer.acquire('other');
      await writer.acquire('lane');
      for (const checkpoints of [[stale('A')], [good('A'), stale('A')]]) {
        const write = () => writer.write(writer.events(samples(5)), checkpoints);
        const error = await mustReject(write, 'a write with a stale fence rejects');
        mustEqual(error.code, 'CHECKPOINT_FENCED', 'the code of a fenced write');
        mustEqual(held(subject, await fixture.read()), nothing, 'the destination after a fenced write');
        mustEqual(await stored(fixture), { lane: null, other: null }, 'the checkpoints after a fenced write');
      }
      const alone = await mustReject(() => writer.write([], [stale('A')]), 'a fenced write without events rejects');
      mustEqual(alone.code, 'CHECKPOINT_FENCED', 'the code of a fenced write without events');
    }),

    check('a failed write leaves neither events nor checkpoints', unlessPoisoned, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const lane = await writer.acquire('lane');
      const events = [...writer.events(samples(5)), writer.poison('bad')];
      await mustReject(() => writer.write(events, [lane('A')]), 'a write with a bad event rejects');
      mustEqual(held(subject, await fixture.read()), nothing, 'the destination after a failed write');
      mustEqual(await stored(fixture), { lane: null }, 'the checkpoint after a failed write');
      await writer.write(events.slice(0, -1), [lane('A')], 1);
      mustEqual(held(subject, await fixture.read()), held(subject, samples(5)), 'the good ones, written again');
      mustEqual(await stored(fixture), { lane: checkpointAt('A') }, 'the checkpoint of the second try');
    }),

    check('the checkpoints of the session are those of its destination', unless, async (fixture) => {
      await using writer = await SinkWriter.open(fixture);
      const lane = await writer.acquire('lane');
      mustEqual(await writer.checkpoints.save([lane('A')]), 'saved', 'a save past a write');
      mustEqual(await stored(fixture), { lane: checkpointAt('A') }, 'the checkpoint');
    }),
  ];
}

async function stored<T>(fixture: SinkFixture<T>): Promise<Record<string, Checkpoint | null>> {
  mustHold(fixture.checkpoints !== undefined, 'the fixture of an atomic sink has `checkpoints`');
  await using store = fixture.checkpoints();
  return Object.fromEntries((await store.load('conformance')).map(({ lane, checkpoint }) => [lane, checkpoint]));
}
