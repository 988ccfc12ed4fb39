import { type CheckpointStore, type DeadLetterStore, isComponentError, type Pipeline } from '@sluice/contracts';
import { memoryCheckpoints, memoryDeadLetters } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { Lifeline } from '../instance/lifeline.js';
import type { Random } from '../random/random.js';
import { compose, NAME, type Surroundings, wantedBy } from './compose.js';
import { judge } from './judge.js';
import { Queue } from './queue-source.js';
import { randomScenario, type Scenario } from './scenario.js';
import { World } from './world.js';

/** How long the last life may take to bring everything home, in milliseconds. */
const DEADLINE_MS = 60_000;

/** When the last life has seen enough faults, in milliseconds. A source that breaks without end may never get anything done. */
const CALM_AFTER_MS = 5_000;

/** What a run showed. */
export interface Outcome {
  readonly scenario: unknown;
  /** Promises that were broken. */
  readonly wrong: readonly string[];
}

/** Runs one random pipeline through random lives, then brings everything home, and judges. */
export async function playInMemory(random: Random): Promise<Outcome> {
  const scenario = randomScenario(random.fork('scenario'));
  const described = {
    ...scenario,
    lanes: Object.fromEntries(scenario.lanes),
    sinks: Object.fromEntries(scenario.sinks),
  };
  const notices: string[] = [];
  const checkpoints: CheckpointStore = memoryCheckpoints();
  const deadLetters = memoryDeadLetters();
  const buried = (sink: string, id: string) =>
    deadLetters.letters.some((letter) => letter.sink === sink && letter.event.id === id);
  const world = new World(
    scenario.lanes,
    [...scenario.sinks.keys()],
    String(random.next()),
    scenario.poisonOneIn,
    wantedBy(scenario),
    buried,
  );
  const around: Surroundings = {
    world,
    queue: new Queue(world),
    checkpoints,
    deadLetters,
    notice: (message) => {
      notices.push(message);
      notices.splice(0, notices.length - 20);
    },
  };
  try {
    await live(scenario, around, random);
    await bringHome(scenario, around, random);
    return { scenario: described, wrong: judge(scenario, world, deadLetters.letters) };
  } catch (error) {
    const wrong = [describe(error), ...world.violations, ...notices.map((message) => `notice: ${message}`)];
    return { scenario: described, wrong };
  }
}

/** Each life ends in its own way; the next begins where the world stands then. A frozen instance wakes in the life after its own. */
async function live(scenario: Scenario, around: Surroundings, random: Random): Promise<void> {
  let frozen: { readonly instance: Pipeline; readonly lifeline: Lifeline } | undefined;
  const last = scenario.lives.at(-1)?.end === 'freeze' ? [{ ms: 40, end: 'drain' } as const] : [];
  for (const [at, life] of [...scenario.lives, ...last].entries()) {
    const lifeline = new Lifeline(at + 1);
    const instance = compose(scenario, around, lifeline, random.fork(`life ${at}`));
    const ended = instance.run().then(
      () => undefined,
      (error: unknown) => error,
    );
    await Promise.race([pause(life.ms / 2), ended]);
    frozen?.lifeline.thaw();
    if (random.chance(0.3)) await around.deadLetters.request({ pipeline: NAME, status: 'waiting' }, 'soak');
    await Promise.race([pause(life.ms / 2), ended]);
    if (frozen) abandon(frozen.instance, frozen.lifeline);
    frozen = undefined;
    if (life.end === 'crash') abandon(instance, lifeline);
    else if (life.end === 'freeze') {
      lifeline.freeze();
      frozen = { instance, lifeline };
    } else {
      await instance.drain({ timeoutMs: life.end === 'drain' ? 2_000 : random.int(0, 2) });
      refuseFailure(await ended);
    }
  }
}

/** Runs until everything is in the sinks, poison and all. */
async function bringHome(scenario: Scenario, around: Surroundings, random: Random): Promise<void> {
  const lifeline = new Lifeline(scenario.lives.length + 2);
  const instance = compose(scenario, around, lifeline, random.fork('last life'));
  let failure: unknown;
  const ended = instance.run().catch((error: unknown) => {
    failure = error;
  });
  const isHome = async () => {
    refuseFailure(failure);
    if (scenario.source === 'queue') return around.queue.empty;
    return [...scenario.lanes].every(([lane, count]) => (around.world.committed.get(lane) ?? 0) >= count);
  };
  const calming = setTimeout(() => {
    around.world.calm = true;
  }, CALM_AFTER_MS);
  try {
    await waitFor(isHome, { what: 'everything to be confirmed', timeoutMs: DEADLINE_MS });
    around.world.healed = true;
    await waitFor(() => replayed(around.deadLetters, () => refuseFailure(failure)), {
      what: 'the dead letters to be replayed',
      timeoutMs: DEADLINE_MS,
    });
    const { complete } = await instance.drain({ timeoutMs: 5_000 });
    if (!complete) around.world.violations.push('the last drain gave something up');
    await ended;
    refuseFailure(failure);
  } catch (error) {
    const letters = await openLetters(around.deadLetters);
    throw new Error(
      `${describe(error)}; open letters: ${letters}; the pipeline says ${JSON.stringify(reportOf(instance))}`,
    );
  } finally {
    clearTimeout(calming);
    abandon(instance, lifeline);
  }
}

async function replayed(store: DeadLetterStore, check: () => void): Promise<boolean> {
  check();
  await store.request({ pipeline: NAME, status: 'waiting' }, 'soak');
  const left = await Promise.all(
    (['waiting', 'requested'] as const).map((status) => store.list({ pipeline: NAME, status, limit: 1 })),
  );
  return left.every((letters) => letters.length === 0);
}

async function openLetters(store: DeadLetterStore): Promise<string> {
  const lists = await Promise.all(
    (['waiting', 'requested'] as const).map((status) => store.list({ pipeline: NAME, status, limit: 5 })),
  );
  const told = lists
    .flat()
    .map(({ id, sink, lane, event, stage, status, cause }) =>
      [id, sink, lane, event.id, stage, status, cause.code].join(' '),
    );
  return told.length === 0 ? 'none' : told.join(', ');
}

/** The world hears no more of it. What it holds of this process it lets go of when it finds out. */
function abandon(instance: Pipeline, lifeline: Lifeline): void {
  lifeline.crash();
  void instance.drain({ timeoutMs: 0 });
}

/** An instance that lost its lanes to another may fail with that, and with nothing else. */
function refuseFailure(failure: unknown): void {
  if (failure === undefined) return;
  if (isComponentError(failure) && failure.code === 'CHECKPOINT_FENCED') return;
  throw failure;
}

function reportOf(instance: Pipeline): unknown {
  return 'report' in instance && typeof instance.report === 'function' ? instance.report() : instance.state;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.message}` : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
