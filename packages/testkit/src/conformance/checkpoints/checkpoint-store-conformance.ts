import type { Checkpoint, CheckpointStore, CheckpointWrite } from '@sluice/contracts';
import { leavesNothingOpen } from '../leaves-nothing-open.js';
import { mustEqual, mustHold } from '../promise-broken.js';
import { type ConformanceSuite, promise } from '../suite.js';

/** A checkpoint store as the suite needs it. */
export interface CheckpointStoreUnderTest {
  readonly name: string;
  /** Makes an empty place for checkpoints; each test has one of its own. */
  create(): Promise<CheckpointStoreFixture>;
  /** Why what was saved does not outlast the store object, where that is so. */
  readonly volatile?: string;
}

/** A place for checkpoints, and stores that open it. */
export interface CheckpointStoreFixture extends AsyncDisposable {
  /** A store over the place, anew at each call, as another process would have it. */
  store(): CheckpointStore;
}

/** The promises of a `CheckpointStore`. */
export function checkpointStoreConformance(subject: CheckpointStoreUnderTest): ConformanceSuite {
  const check = (name: string, run: (store: CheckpointStore, fixture: CheckpointStoreFixture) => Promise<void>) =>
    promise(name, false, async () => {
      await using fixture = await subject.create();
      await using store = fixture.store();
      await run(store, fixture);
    });

  return {
    name: `${subject.name}: checkpoint store`,
    tests: [
      check('an acquired lane is loaded with its fence, and without a position', async (store) => {
        const { fence } = await store.acquire('p', 's', 'lane', 'me');
        const loaded = (await store.load('p')).map((entry) => [entry.sink, entry.lane, entry.fence, entry.checkpoint]);
        mustEqual(loaded, [['s', 'lane', fence, null]], 'load after acquire');
        mustEqual(await store.load('other'), [], 'another pipeline has none');
      }),

      check('what was saved is loaded, digit for digit', async (store) => {
        const write = await acquired(store, 'lane', at('00000000FFFFFFFF', 4_294_967_296));
        mustEqual(await store.save([write]), 'saved', 'save');
        mustEqual((await store.load('p'))[0]?.checkpoint, write.checkpoint, 'the checkpoint as it was saved');
      }),

      check('fences grow with each acquire', async (store) => {
        const first = await store.acquire('p', 's', 'lane', 'a');
        const second = await store.acquire('p', 's', 'lane', 'b');
        mustHold(second.fence > first.fence, 'a later acquire has a greater fence', [first, second]);
      }),

      check('fences grow also when the lane was removed in between', async (store) => {
        const write = await acquired(store, 'lane', null);
        mustEqual(await store.save([write]), 'saved', 'a removal is saved');
        const again = await store.acquire('p', 's', 'lane', 'b');
        mustHold(again.fence > write.fence, 'a fence after removal is greater than before', [write.fence, again.fence]);
      }),

      check('a removed lane is loaded no more', async (store) => {
        const write = await acquired(store, 'lane', at('A', 1));
        await store.save([write]);
        await store.save([{ ...write, checkpoint: null }]);
        mustEqual(await store.load('p'), [], 'load after removal');
      }),

      check('a removed lane cannot be saved with the fence it had', async (store) => {
        const write = await acquired(store, 'lane', null);
        await store.save([write]);
        const late = await store.acquire('p', 's', 'lane', 'b');
        mustEqual(await store.save([{ ...write, checkpoint: at('A', 0) }]), 'fenced', 'the old fence');
        mustEqual(await store.save([{ ...write, fence: late.fence }]), 'saved', 'the new fence');
      }),

      check('a stale fence writes nothing', async (store) => {
        const stale = await acquired(store, 'lane', at('A', 0));
        await store.save([stale]);
        await store.acquire('p', 's', 'lane', 'b');
        mustEqual(await store.save([{ ...stale, checkpoint: at('B', 0) }]), 'fenced', 'a stale fence');
        mustEqual((await store.load('p'))[0]?.checkpoint, at('A', 0), 'the checkpoint of before');
      }),

      check('a fence that was never given out writes nothing', async (store) => {
        const write = await acquired(store, 'lane', at('A', 0));
        mustEqual(await store.save([{ ...write, fence: write.fence + 1n }]), 'fenced', 'a fence from the future');
        mustEqual(await store.save([{ ...write, lane: 'unknown' }]), 'fenced', 'a lane that nobody acquired');
        mustEqual((await store.load('p')).length, 1, 'lanes after refused writes');
      }),

      check('a save is all or nothing over its writes', async (store) => {
        const good = await acquired(store, 'good', at('A', 0));
        const stale = await acquired(store, 'stale', at('A', 0));
        await store.acquire('p', 's', 'stale', 'b');
        for (const writes of [
          [good, stale],
          [stale, good],
        ]) {
          mustEqual(await store.save(writes), 'fenced', 'one stale fence among good ones');
        }
        const stored = await store.load('p');
        mustEqual(
          stored.map((entry) => entry.checkpoint),
          [null, null],
          'nothing of a fenced save is there',
        );
      }),

      check('many lanes are saved at once, some of them removed', async (store) => {
        const writes: CheckpointWrite[] = [];
        for (let n = 0; n < 20; n += 1) writes.push(await acquired(store, `lane-${n}`, n % 2 ? at(`${n}`, n) : null));
        mustEqual(await store.save(writes), 'saved', 'twenty writes');
        const lanes = (await store.load('p')).map((entry) => entry.lane).sort();
        const kept = writes.filter((write) => write.checkpoint).map((write) => write.lane);
        mustEqual(lanes, kept.sort(), 'the lanes that were not removed');
      }),

      check('an acquire leaves the checkpoint where it is', async (store) => {
        await store.save([await acquired(store, 'lane', at('A', 3))]);
        const { fence } = await store.acquire('p', 's', 'lane', 'b');
        const loaded = (await store.load('p')).map((entry) => [entry.fence, entry.checkpoint]);
        mustEqual(loaded, [[fence, at('A', 3)]], 'load after another acquire');
      }),

      check('every name is one of its own, whatever is in it', async (store) => {
        const names = [
          'a',
          'A',
          ' a',
          'a/b',
          'a',
          'b/a',
          '__proto__',
          `it's "quoted" \\`,
          'Ключ 鍵 🔑',
          'x'.repeat(500),
        ];
        const distinct = [...new Set(names)];
        for (const [n, name] of distinct.entries()) {
          const { fence } = await store.acquire(name, name, name, 'me');
          const checkpoint = { position: { resume: `${n}`, within: n }, identity: name };
          const write = { pipeline: name, sink: name, lane: name, fence, checkpoint };
          mustEqual(await store.save([write]), 'saved', 'a save under this name');
        }
        for (const [n, name] of distinct.entries()) {
          const loaded = (await store.load(name)).map(({ sink, lane, checkpoint }) => [sink, lane, checkpoint]);
          mustEqual(
            loaded,
            [[name, name, { position: { resume: `${n}`, within: n }, identity: name }]],
            'its checkpoint',
          );
        }
        await store.acquire('p', 'a/b', 'c', 'me');
        await store.acquire('p', 'a', 'b/c', 'me');
        mustEqual((await store.load('p')).length, 2, 'lanes whose names are alike when they are joined');
      }),

      check('sinks and pipelines do not share checkpoints', async (store) => {
        const { fence } = await store.acquire('p', 'a', 'lane', 'me');
        await store.acquire('p', 'b', 'lane', 'me');
        await store.acquire('q', 'a', 'lane', 'me');
        await store.save([{ pipeline: 'p', sink: 'a', lane: 'lane', fence, checkpoint: at('A', 0) }]);
        const others = [...(await store.load('p')).filter((entry) => entry.sink === 'b'), ...(await store.load('q'))];
        mustEqual(
          others.map((entry) => entry.checkpoint),
          [null, null],
          'the others',
        );
      }),

      check(
        'of many that acquire at once each has a fence of its own, and only the greatest may save',
        async (store) => {
          const fences = await Promise.all(
            Array.from({ length: 8 }, async (_, n) => (await store.acquire('p', 's', 'lane', `owner-${n}`)).fence),
          );
          mustEqual(new Set(fences).size, 8, 'fences that differ');
          const greatest = fences.toSorted((a, b) => Number(a - b)).at(-1);
          for (const fence of fences) {
            const outcome = await store.save([
              { pipeline: 'p', sink: 's', lane: 'lane', fence, checkpoint: at('A', 0) },
            ]);
            mustEqual(outcome, fence === greatest ? 'saved' : 'fenced', 'save after many acquires');
          }
        },
      ),

      promise('a closed store leaves nothing open', false, async () => {
        await using fixture = await subject.create();
        await leavesNothingOpen(
          () => fixture.store(),
          async (store) => store.save([await acquired(store, 'lane', at('A', 7))]),
        );
      }),

      promise('checkpoints and fences outlast the store object', subject.volatile ?? false, async () => {
        await using fixture = await subject.create();
        const first = fixture.store();
        const write = await acquired(first, 'lane', at('A', 7));
        await first.save([write]);
        await first[Symbol.asyncDispose]();
        await using second = fixture.store();
        mustEqual((await second.load('p'))[0]?.checkpoint, at('A', 7), 'the checkpoint after reopening');
        const { fence } = await second.acquire('p', 's', 'lane', 'b');
        mustHold(fence > write.fence, 'the fence grows over reopening', [write.fence, fence]);
      }),

      check('says when what was saved does not outlive it', async (store) => {
        mustEqual(store.durable ?? true, subject.volatile === undefined, 'durable');
      }),
    ],
  };
}

const at = (resume: string, within: number): Checkpoint => ({ position: { resume, within }, identity: 'here' });

async function acquired(store: CheckpointStore, lane: string, checkpoint: Checkpoint | null): Promise<CheckpointWrite> {
  const { fence } = await store.acquire('p', 's', lane, 'me');
  return { pipeline: 'p', sink: 's', lane, fence, checkpoint };
}
