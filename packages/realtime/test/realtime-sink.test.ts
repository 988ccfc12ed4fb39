import { Envelope, type EventOrigin, isBatchError } from '@sluice/contracts';
import { memoryCheckpoints, memorySource, pipeline } from '@sluice/runtime';
import { expect, test } from 'vitest';
import { realtimeSink } from '../src/index.js';
import { connectFeed, TestHistory, upTo } from './support/feed.js';
import { Client, startHub, until } from './support/rig.js';

interface Row {
  id: string;
  n: number | bigint;
}

const origin: EventOrigin = {
  source: 'test',
  type: () => 'row.changed',
  id: (ordinal) => String(ordinal),
  key: (_, record) => (record as Row).id,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({}),
};
const event = (n: number | bigint, ordinal: number) => new Envelope<Row>({ id: 'x', n }, origin, ordinal);
const context = { checkpoints: [], attempt: 0, signal: new AbortController().signal };

test('a write is pushed to the channels of its events, in order', async () => {
  const { hub, url } = await startHub();
  const client = await Client.open(`${url}?channel=x`);
  const sink = realtimeSink<Row>(hub, { channel: (e) => e.key ?? [], message: (e) => e.data });
  expect(sink.features.delivery).toBe('plain');
  await using session = await sink.open({ pipeline: 'p', signal: context.signal, notice: () => undefined });
  await session.write(
    Array.from({ length: 1_200 }, (_, n) => event(n, n)),
    context,
  );
  const messages = (await client.messages(1_200)) as { n: number }[];
  expect(messages.map(({ n }) => n)).toEqual(Array.from({ length: 1_200 }, (_, n) => n));
});

test('an event that has no message is named; the others are pushed', async () => {
  const { hub, url } = await startHub();
  const client = await Client.open(`${url}?channel=x`);
  const sink = realtimeSink<Row>(hub, { channel: () => 'x', message: (e) => e.data });
  await using session = await sink.open({ pipeline: 'p', signal: context.signal, notice: () => undefined });
  const failed = await session.write([event(1, 1), event(2n, 2), event(3, 3)], context).catch((error) => error);
  expect(isBatchError(failed) && [...failed.failures.keys()]).toEqual([1]);
  expect(await client.messages(2)).toEqual([
    { id: 'x', n: 1 },
    { id: 'x', n: 3 },
  ]);
});

test('without a message function clients get the envelope', async () => {
  const { hub, url } = await startHub();
  const client = await Client.open(`${url}?channel=x`);
  await using session = await realtimeSink<Row>(hub, { channel: () => ['x'] }).open({
    pipeline: 'p',
    signal: context.signal,
    notice: () => undefined,
  });
  await session.write([event(1, 7)], context);
  expect(await client.messages(1)).toMatchObject([{ specversion: '1.0', id: '7', key: 'x', data: { n: 1 } }]);
});

test('a hub that was closed fails the write as a whole, and no event of it', async () => {
  const { hub } = await startHub();
  await using session = await realtimeSink<Row>(hub, { channel: () => 'x' }).open({
    pipeline: 'p',
    signal: context.signal,
    notice: () => undefined,
  });
  await hub.close();
  const failed = await session.write([event(1, 1)], context).catch((error) => error);
  expect(failed).toMatchObject({ code: 'REALTIME_CLOSED', retry: 'operator' });
});

test('a pipeline feeds a hub by the offsets of its events; what it repeats after a restart reaches nobody twice', async () => {
  const history = new TestHistory();
  const { hub, url } = await startHub({ history: { store: history } });
  const feed = connectFeed(`${url}?channel=x&offset=0`);
  const source = memorySource<{ n: number }>({ batch: 7 });
  for (const n of upTo(100)) {
    history.append('x', n, { n });
    source.push({ key: 'x', data: { n } });
  }
  source.end();
  // Each run begins without checkpoints, as after a crash before the first was written.
  for (let run = 0; run < 2; run++) {
    await using running = pipeline('feed')
      .from(source)
      .to(
        realtimeSink(hub, {
          channel: (e) => e.key ?? [],
          message: (e) => e.data,
          offset: (e) => e.data?.n ?? 0,
        }),
        { checkpoints: memoryCheckpoints() },
      );
    await running.run();
  }
  await until(() => feed.numbers('x').length >= 100);
  expect(feed.numbers('x')).toEqual(upTo(100));
  expect(hub.stats()).toMatchObject({ repeated: 100 });
});

test('an offset for a hub that numbers its messages itself fails the write as a whole', async () => {
  const { hub } = await startHub({ history: {} });
  await using session = await realtimeSink<Row>(hub, { channel: () => 'x', offset: () => 1 }).open({
    pipeline: 'p',
    signal: context.signal,
    notice: () => undefined,
  });
  const failed = await session.write([event(1, 1)], context).catch((error) => error);
  expect(failed).toMatchObject({ code: 'REALTIME_OFFSET_INVALID', retry: 'operator' });
});
