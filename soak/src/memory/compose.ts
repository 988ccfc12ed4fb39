import { type CheckpointStore, ComponentError, type DeadLetterStore, type Pipeline } from '@sluice/contracts';
import { batchBy, type Composition, filterEvents, mapEvents, partitionByKey, pipeline } from '@sluice/runtime';
import { concatMap, delay, mergeMap, of } from 'rxjs';
import type { Lifeline } from '../instance/lifeline.js';
import { through } from '../instance/lifeline.js';
import type { Random } from '../random/random.js';
import { faultySink } from './faulty-sink.js';
import { logSource } from './log-source.js';
import { type Queue, queueSource } from './queue-source.js';
import type { Scenario, Step } from './scenario.js';
import type { Item, World } from './world.js';

/** What outlives an instance. */
export interface Surroundings {
  readonly world: World;
  readonly queue: Queue;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  readonly notice: (message: string) => void;
}

/** The name of every pipeline here. */
export const NAME = 'soak';

/** What the operators of a scenario let through. */
export const wantedBy = ({ steps }: Scenario) => (steps.includes('filter') ? isKept : () => true);

const isKept = ({ n }: Item) => n % 6 !== 2;

/** An instance of the scenario's pipeline, with a lifeline of its own. */
export function compose(scenario: Scenario, around: Surroundings, lifeline: Lifeline, random: Random): Pipeline {
  const { faults, maxFrame, credits, sinks } = scenario;
  const { world, queue } = around;
  const source =
    scenario.source === 'log'
      ? logSource(world, lifeline, random.fork('source'), maxFrame, faults)
      : queueSource(queue, world, lifeline, random.fork('source'), maxFrame, faults);
  const storeRandom = random.fork('store');
  const shaky = async () => {
    if (!world.calm && storeRandom.chance(faults.store)) {
      throw new ComponentError('TEST_STORE', 'the store is down', { retry: 'backoff' });
    }
    if (!world.calm && storeRandom.chance(faults.waits))
      await new Promise((resolve) => setTimeout(resolve, storeRandom.int(0, 3)));
  };
  const checkpoints = through(lifeline, around.checkpoints, shaky);
  const options = {
    checkpoints,
    deadLetters: through(lifeline, around.deadLetters, shaky),
    onFailure: scenario.onFailure,
    deadLetterPollMs: 20,
    circuitBreaker: { failures: 4, coolDownMs: 2, maxCoolDownMs: 20 },
    retry: { initialMs: 1, maxMs: 5, maxAttempts: 4 },
  } as const;
  let composition: Composition<Item> = pipeline(NAME, {
    credits,
    maxBatchBytes: Math.min(2_500, credits.bytes),
    checkpointIntervalMs: random.pick([0, 1, 10]),
    notice: ({ message }) => around.notice(message),
  }).from(source);
  for (const step of scenario.steps) composition = add(composition, step, world, random);
  const sinkOf = (name: string) => {
    const delivery = sinks.get(name) as 'plain';
    const lostAnswer = (delivery as string) === 'atomic' ? 0 : faults.lostAnswer;
    const stores = { store: checkpoints, transactional: around.checkpoints };
    return faultySink(name, delivery, world, stores, lifeline, random.fork(name), { ...faults, lostAnswer });
  };
  const [only, ...others] = [...sinks.keys()] as [string, ...string[]];
  if (others.length === 0) return composition.to(sinkOf(only), options);
  const branches = [...sinks.keys()].map((name) => [
    name,
    (branch: Composition<Item>) => branch.to(sinkOf(name), options),
  ]);
  return composition.route(Object.fromEntries(branches));
}

function add(to: Composition<Item>, step: Step, world: World, random: Random): Composition<Item> {
  switch (step) {
    case 'map':
      return to.pipe(mapEvents((item) => ({ ...item })));
    case 'filter':
      return to.pipe(filterEvents(isKept));
    case 'hold':
      return to.pipe(batchBy({ events: random.int(1, 200), ms: random.int(1, 50) }));
    case 'partition':
      return to.pipe(partitionByKey({ partitions: random.int(1, 5) }));
    case 'slow':
      return to.pipe(concatMap((delivery) => of(delivery).pipe(delay(random.int(0, 2)))));
    case 'aside':
      return to.pipe(mergeMap((delivery) => of(delivery).pipe(delay(0))));
    case 'poison':
      return to.pipe(
        mapEvents((item) => {
          if (world.poisoned(item, 'operator')) throw new Error('poison');
          return item;
        }),
      );
  }
}
