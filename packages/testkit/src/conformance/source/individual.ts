import type { AckToken, SourceFeatures } from '@sluice/contracts';
import { mustEqual, mustHold } from '../promise-broken.js';
import { samples } from '../sample.js';
import type { ConformanceTest } from '../suite.js';
import type { Check } from './source-conformance.js';
import { SourceReader } from './source-reader.js';

/** Tokens: each event is settled on its own. */
export function individualPromises<T>(check: Check<T>, features: SourceFeatures): ConformanceTest[] {
  const unless = features.ack === 'individual' ? false : 'its ack is cumulative';
  const unlessSoon =
    unless || ((features.visibilityTimeoutMs ?? 60_000) <= 10_000 ? false : 'events stay ours for more than 10 s');

  return [
    check('every event has a token', unless, async (fixture) => {
      await fixture.produce(samples(8));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(8);
      for (const { frame } of reader.batches) {
        mustEqual(frame.tokens?.length, frame.events.length, 'as many tokens as events');
      }
      for (const { token } of taken(reader)) await token.ack();
    }),

    check('an acknowledged event is not delivered again; the others are', unless, async (fixture) => {
      await fixture.produce(samples(6));
      const acknowledged = await (async () => {
        await using reader = await SourceReader.open(fixture);
        await reader.untilEvents(6);
        const some = taken(reader).filter((_, index) => index % 2 === 0);
        for (const { token } of some) await token.ack();
        return some.map(({ value }) => value);
      })();
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(3);
      const others = samples(6).flatMap(({ value }) => (acknowledged.includes(value) ? [] : [value]));
      mustEqual([...new Set(reader.values)].sort(), others, 'the events that were not acknowledged');
      for (const { token } of taken(reader)) await token.ack();
    }),

    check('a released event comes again in the same session', unless, async (fixture) => {
      await fixture.produce(samples(1));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(1);
      await taken(reader)[0]?.token.release(0);
      await reader.untilEvents(2);
      const [first, second] = taken(reader);
      mustEqual(second?.value, first?.value, 'the released event');
      mustEqual(second?.id, first?.id, 'its id on redelivery');
      await second?.token.ack();
    }),

    check('an extended event can still be acknowledged', unless, async (fixture) => {
      await fixture.produce(samples(1));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(1);
      const [only] = taken(reader);
      mustHold(only !== undefined, 'an event');
      await only.token.extend(1_000);
      await only.token.ack();
    }),

    check('an acknowledged event does not come again, a released one does, side by side', unless, async (fixture) => {
      await fixture.produce(samples(10));
      await using reader = await SourceReader.open(fixture);
      await reader.untilEvents(10);
      const first = taken(reader);
      const [done, back] = [first.filter((_, n) => n % 2 === 0), first.filter((_, n) => n % 2 === 1)];
      await Promise.all([...done.map(({ token }) => token.ack()), ...back.map(({ token }) => token.release(0))]);
      await reader.untilEvents(15);
      const again = taken(reader).slice(10);
      mustEqual(again.map(({ value }) => value).sort(), back.map(({ value }) => value).sort(), 'the released events');
      for (const { token } of again) await token.ack();
    }),

    check(
      'an event that is not settled in its time comes again, unless it was extended',
      unlessSoon,
      async (fixture) => {
        await fixture.produce(samples(2));
        await using reader = await SourceReader.open(fixture);
        await reader.untilEvents(2);
        const [kept, left] = taken(reader);
        await kept?.token.extend(600_000);
        await reader.until('the event that was left, twice more', () => {
          return reader.values.filter((value) => value === left?.value).length >= 3;
        });
        mustEqual(reader.values.filter((value) => value === kept?.value).length, 1, 'deliveries of the extended event');
        await kept?.token.ack();
        for (const { token } of taken(reader).slice(-1)) await token.ack();
      },
    ),
  ];
}

interface Taken {
  readonly id: string;
  readonly value: string;
  readonly token: AckToken;
}

function taken<T>(reader: SourceReader<T>): Taken[] {
  const values = reader.values;
  return reader.batches
    .flatMap(({ frame }) => frame.events.map((event, index) => ({ id: event.id, token: frame.tokens?.[index] })))
    .map(({ id, token }, index) => {
      mustHold(token !== undefined, 'a token for every event');
      return { id, token, value: values[index] ?? '' };
    });
}
