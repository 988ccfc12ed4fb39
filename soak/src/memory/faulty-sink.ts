import { BatchError, type CheckpointStore, ComponentError, type Envelope, type Sink } from '@sluice/contracts';
import type { Lifeline } from '../instance/lifeline.js';
import type { Random } from '../random/random.js';
import type { Item, World } from './world.js';

/** What may go wrong with a write, each as a probability. */
export interface SinkFaults {
  readonly down: number;
  readonly waits: number;
  /** Some events are refused for once, the others are taken. */
  readonly some: number;
  /** The write takes effect, and its answer is an error. */
  readonly lostAnswer: number;
}

/** A sink that lives in the world: what it applies stays, whatever becomes of the instance. */
export function faultySink(
  name: string,
  delivery: 'plain' | 'idempotent' | 'atomic',
  world: World,
  /** The store as the instance reaches it, and as a transaction of the sink does. */
  { store, transactional }: { readonly store: CheckpointStore; readonly transactional: CheckpointStore },
  lifeline: Lifeline,
  random: Random,
  faults: SinkFaults,
): Sink<Item> {
  const happens = (probability: number) => !world.calm && random.chance(probability);
  const down = () => new ComponentError('TEST_DOWN', 'the sink is down', { retry: 'backoff' });
  return {
    name,
    features: { delivery, maxEvents: 40 },
    async open() {
      await lifeline.pass();
      if (happens(faults.down)) throw down();
      return {
        ...(delivery === 'atomic' ? { checkpoints: store } : {}),
        async write(events, { checkpoints }) {
          await lifeline.pass();
          if (happens(faults.waits)) await new Promise((resolve) => setTimeout(resolve, random.int(0, 4)));
          await lifeline.pass();
          if (happens(faults.down)) throw down();
          const refused = refusedOf(events);
          if (delivery === 'atomic') {
            if (refused.size > 0) throw new BatchError(refused);
            // One step with what is applied below: nothing can befall the instance in between.
            if (checkpoints.length > 0 && (await transactional.save(checkpoints)) === 'fenced')
              throw new ComponentError('CHECKPOINT_FENCED', 'another instance has taken over');
          }
          world.apply(
            name,
            events.filter((_, at) => !refused.has(at)),
            lifeline.number,
          );
          await lifeline.pass();
          if (refused.size > 0) throw new BatchError(refused);
          if (happens(faults.lostAnswer)) throw down();
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };

  function refusedOf(events: readonly Envelope<Item>[]): Map<number, ComponentError> {
    const some = happens(faults.some);
    const refused = new Map<number, ComponentError>();
    for (const [at, { data }] of events.entries()) {
      if (world.poisoned(data as Item, name)) {
        refused.set(at, new ComponentError('TEST_POISON', 'refused for what it is', { retry: 'never' }));
      } else if (some && random.chance(0.3)) {
        refused.set(at, new ComponentError('TEST_ROW', 'refused for once', { retry: 'now' }));
      }
    }
    return refused;
  }
}
