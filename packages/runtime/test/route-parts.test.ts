import type { AckToken, BatchFrame, Checkpoint, CheckpointStore, Position } from '@sluice/contracts';
import { expect, test, vi } from 'vitest';
import { memoryCheckpoints, memorySink, pipeline } from '../src/index.js';
import { Backlog } from '../src/route/backlog.js';
import { leastCheckpoints } from '../src/route/least-checkpoints.js';
import { missingPart } from '../src/route/missing-part.js';
import { shareToken } from '../src/route/shared-token.js';
import type { Numbered } from './support/events.js';
import { at, batchOf, scriptedLane, scriptedSource, until } from './support/scripted-source.js';

vi.setConfig({ testTimeout: 60_000 });

const stored = (n: number, identity = 'i'): Checkpoint => ({ position: at(n), identity });

test('the source starts at the least of the branches, and the others are cuts', () => {
  const { checkpoints, cuts } = leastCheckpoints([
    new Map<string, Checkpoint | null>([
      ['a', stored(5)],
      ['b', null],
      ['ended', stored(9)],
    ]),
    new Map<string, Checkpoint | null>([
      ['a', stored(3)],
      ['b', stored(2)],
    ]),
    new Map<string, Checkpoint | null>([
      ['a', stored(5)],
      ['b', stored(4)],
    ]),
  ]);
  expect(checkpoints).toEqual(
    new Map([
      ['a', stored(3)],
      ['b', null],
      ['ended', stored(9)],
    ]),
  );
  expect(cuts).toEqual(
    new Map([
      ['a', [at(5)]],
      ['b', [at(2), at(4)]],
    ]),
  );
});

test('a branch that has no checkpoint at all starts the source anew; the others are cuts', () => {
  const { checkpoints, cuts } = leastCheckpoints([new Map([['a', stored(5)]]), new Map()]);
  expect(checkpoints).toEqual(new Map());
  expect(cuts).toEqual(new Map([['a', [at(5)]]]));
});

test('branches that stand in different histories of a lane are refused', () => {
  const both = [new Map([['a', stored(5, 'one')]]), new Map([['a', stored(3, 'two')]])];
  expect(() => leastCheckpoints(both)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_IDENTITY' }));
});

const within = (count: number): Position => ({ ...at(10), within: count });
const recipient = (position: Position | undefined, delivery: 'plain' | 'atomic' = 'atomic') => ({
  branch: 'b',
  delivery,
  stored: position,
});
const frame: BatchFrame<Numbered> = { ...batchOf('a', 2, 8), position: within(8), commits: [1, 5] };

test('of a frame, a branch is given what it lacks', () => {
  expect(missingPart(frame, within(2), recipient(undefined))).toBe(frame);
  expect(missingPart(frame, within(2), recipient(within(2)))).toBe(frame);
  expect(missingPart(frame, within(2), recipient(at(9)))).toBe(frame);
  expect(missingPart(frame, within(2), recipient(within(8)))).toBeUndefined();
  expect(missingPart(frame, within(2), recipient(at(11)))).toBeUndefined();
  const rest = missingPart(frame, within(2), recipient(within(5))) as BatchFrame<Numbered>;
  expect(rest).toMatchObject({ position: within(8), commits: [2], bytes: 300 });
  expect(rest.events.map(({ data }) => data?.n)).toEqual([5, 6, 7]);
});

test('a frame on both sides of a checkpoint, where nothing can be counted off, is given again, and refused for an atomic sink', () => {
  const straddling = { ...frame, position: at(12) };
  expect(missingPart(straddling, at(9), recipient(at(11), 'plain'))).toBe(straddling);
  expect(missingPart(straddling, undefined, recipient(at(11), 'plain'))).toBe(straddling);
  expect(() => missingPart(straddling, at(9), recipient(at(11)))).toThrow(
    expect.objectContaining({ code: 'ROUTE_FRAME_STRADDLES', retry: 'operator' }),
  );
});

function token() {
  const calls: string[] = [];
  const note = (what: string) => async () => void calls.push(what);
  return { calls, token: { ack: note('ack'), release: note('release'), extend: note('extend') } satisfies AckToken };
}

test('a shared token is acked once all branches have, and released by the first that does', async () => {
  const one = token();
  const [a, b] = [shareToken(one.token, 2)].flatMap((share) => [share(), share()]) as [AckToken, AckToken];
  await a.ack();
  await a.ack();
  await b.extend(10);
  expect(one.calls).toEqual(['extend']);
  await b.ack();
  await b.extend(10);
  expect(one.calls).toEqual(['extend', 'ack']);

  const other = token();
  const [c, d] = [shareToken(other.token, 2)].flatMap((share) => [share(), share()]) as [AckToken, AckToken];
  await c.ack();
  await d.release(0);
  await d.release(0);
  await c.release(0);
  expect(other.calls).toEqual(['release']);
});

test('the backlog is full by bytes or by batches, and tells when there is room again', () => {
  let freed = 0;
  const backlog = new Backlog({ bytes: 1_000, batches: 2 }, () => freed++);
  const first = backlog.hold(batchOf('a', 0, 5), 2);
  expect(backlog.hasRoom).toBe(true);
  const second = backlog.hold(batchOf('a', 5, 6), 1);
  expect(backlog.hasRoom).toBe(false);
  backlog.taken(first);
  expect([backlog.hasRoom, freed]).toEqual([false, 0]);
  backlog.taken(first);
  expect([backlog.hasRoom, freed]).toEqual([true, 1]);
  backlog.taken(second);
  backlog.hold(batchOf('a', 0, 10), 1);
  expect([backlog.hasRoom, freed]).toEqual([false, 1]);
});

async function store(
  checkpoints: CheckpointStore,
  sink: string,
  lanes: Readonly<Record<string, number>>,
): Promise<void> {
  for (const [lane, n] of Object.entries(lanes)) {
    const { fence } = await checkpoints.acquire('p', sink, lane, 'before');
    await checkpoints.save([{ pipeline: 'p', sink, lane, fence, checkpoint: stored(n, 'scripted') }]);
  }
}

/** Two branches over lanes of ten events; `main` comes after `part`. */
async function routed(one: Readonly<Record<string, number>>, two: Readonly<Record<string, number>>) {
  const checkpoints = memoryCheckpoints();
  await store(checkpoints, 'one', one);
  await store(checkpoints, 'two', two);
  const source = scriptedSource(
    async function* (ctx, closed) {
      for (const lane of ['part', 'main']) {
        const known = ctx.checkpoints.get(lane)?.position;
        const from = Number.parseInt(known?.resume ?? '0', 16);
        const frames = async function* () {
          if (from < 10) yield batchOf(lane, from, 10);
          if (lane === 'main') await until(closed);
        };
        yield scriptedLane(lane, frames, lane === 'main' ? { start: at(0), after: ['part'] } : {});
      }
      await until(closed);
    },
    { head: async () => new Map([['main', at(10)]]) },
  );
  const sinks = [memorySink<Numbered>({ name: 'one' }), memorySink<Numbered>({ name: 'two' })] as const;
  const running = pipeline('p', { notice: () => undefined })
    .from(source)
    .route({ one: (b) => b.to(sinks[0], { checkpoints }), two: (b) => b.to(sinks[1], { checkpoints }) });
  const end = running.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  return { running, end, sinks };
}

test('a branch that has ended a lane which the other has not is no branch that lost its checkpoint', async () => {
  const { running, end, sinks } = await routed({ main: 4 }, { part: 10, main: 4 });
  await running.caughtUp();
  await running.drain();
  expect(await end).toBeUndefined();
  for (const { events } of sinks)
    expect(events.map(({ id }) => id)).toEqual([4, 5, 6, 7, 8, 9].map((n) => `main-${n}`));
});

test('a branch that lost the checkpoint of one lane is an error: what lies before the other would be missing', async () => {
  const { end, sinks } = await routed({ part: 10 }, { part: 10, main: 4 });
  expect(await end).toMatchObject({ code: 'ROUTE_CHECKPOINT_MISSING', details: { branch: 'one', lane: 'main' } });
  expect(sinks[0].events).toEqual([]);
}, 60_000);
