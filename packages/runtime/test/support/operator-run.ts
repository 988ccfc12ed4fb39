import {
  type CheckpointStore,
  ComponentError,
  Envelope,
  type EventOrigin,
  type Frame,
  isComponentError,
  type Sink,
  type Source,
  type StateStore,
} from '@sluice/contracts';
import { assertSettled } from '@sluice/testkit';
import fc from 'fast-check';
import type { OperatorFunction } from 'rxjs';
import {
  type Delivery,
  memoryCheckpoints,
  memoryDeadLetters,
  type Notice,
  type PipelineOptions,
  pipeline,
} from '../../src/index.js';
import { at, place, scriptedLane, scriptedSource } from './scripted-source.js';

/** An event of a model test. */
export interface Given {
  readonly id: string;
  readonly key: string;
  readonly value: number;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
}

const origin: EventOrigin = {
  source: '/given',
  type: () => 'given',
  id: (_, record) => (record as Given).id,
  key: (_, record) => (record as Given).key,
  time: (_, record) => new Date((record as Given).at),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({}),
};

/** Keys that a plain object would stumble over are among them. */
export const someKey = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'ü|/%', '');

/** Events with ids of their own, in no order of time. */
export const someEvents = (maxLength = 60) =>
  fc
    .array(fc.record({ key: someKey, value: fc.integer({ min: -5, max: 9 }), at: fc.integer({ min: 0, max: 200 }) }), {
      maxLength,
    })
    .map((all) => all.map((one, n): Given => ({ ...one, id: `e${n}` })));

/** What becomes of a write: it is done, or the process crashes before it, or after it and before anyone heard of it. */
export type Fate = 'fine' | 'before' | 'after';

/** How a run goes. */
export interface Course {
  /** Events of a batch, over and over. */
  readonly batches: readonly number[];
  /** Of the writes to the sink. */
  readonly sink: readonly Fate[];
  /** Of the writes to the state store. */
  readonly state: readonly Fate[];
}

const someFates = fc.array(fc.constantFrom<Fate>('fine', 'fine', 'fine', 'before', 'after'), { maxLength: 8 });

export const someCourse: fc.Arbitrary<Course> = fc.record({
  batches: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  sink: someFates,
  state: someFates,
});

export const calm: Course = { batches: [3], sink: [], state: [] };

/** What came of a run. */
export interface Ran<U> {
  /** What the sink was given, in order; what was given again is there again. */
  readonly written: readonly Envelope<U>[];
  /** Of the dead letters: the event's id and the cause's code. */
  readonly buried: readonly (readonly [id: string, code: string])[];
  readonly notices: readonly Notice[];
  readonly crashes: number;
}

/** The operators of one process, over a store that crashes as the course has it. */
export type Operators<U> = (
  crashing: (store: StateStore) => StateStore,
) => OperatorFunction<Delivery<Given>, Delivery<U>>;

/**
 * Runs events through operators to their end, and again from the checkpoint after each crash, which also loses the checkpoints
 * that were not saved. In the end nothing may be held.
 */
export async function runThrough<U>(
  events: readonly (Given | null)[],
  operators: Operators<U>,
  course: Course = calm,
  options: PipelineOptions = {},
): Promise<Ran<U>> {
  const written: Envelope<U>[] = [];
  const notices: Notice[] = [];
  const deadLetters = memoryDeadLetters();
  const crash = { happened: false, count: 0 };
  const [sinkFates, stateFates] = [[...course.sink], [...course.state]];
  const meet = async <R>(fates: Fate[], work: () => R | Promise<R>): Promise<R> => {
    if (crash.happened) throw crashed();
    const fate = fates.shift() ?? 'fine';
    const done = fate === 'before' ? undefined : await work();
    if (fate === 'fine') return done as R;
    crash.happened = true;
    throw crashed();
  };
  const sink: Sink<U> = {
    name: 'given',
    features: { delivery: 'plain' },
    open: async () => ({
      write: (batch) => meet(sinkFates, () => void written.push(...batch)),
      async [Symbol.asyncDispose]() {},
    }),
  };
  const crashing = (store: StateStore): StateStore => ({
    ...store,
    write: (scope, change) => meet(stateFates, () => store.write(scope, change)),
  });
  const checkpoints = losing(memoryCheckpoints(), crash);
  for (;;) {
    const running = pipeline('given', { notice: (notice) => notices.push(notice), checkpointIntervalMs: 0, ...options })
      .from(sourceOf(events, course.batches))
      .pipe(operators(crashing))
      .to(sink, { checkpoints, deadLetters, retry: { maxAttempts: 2, initialMs: 0, maxMs: 0 } });
    try {
      await running.run();
      assertSettled(running.report());
      const buried = deadLetters.letters.map(({ event, cause }) => [event.id, cause.code] as const);
      return { written, buried, notices, crashes: crash.count };
    } catch (error) {
      if (!isComponentError(error) || error.code !== 'TEST_CRASH') throw error;
      crash.happened = false;
      crash.count += 1;
    }
  }
}

function crashed(): ComponentError {
  return new ComponentError('TEST_CRASH', 'the process is gone', { retry: 'operator' });
}

/** Nothing is saved between a crash and the next start. */
function losing(store: CheckpointStore, crash: { readonly happened: boolean }): CheckpointStore {
  return {
    ...store,
    save: async (writes) => {
      if (crash.happened) throw crashed();
      return store.save(writes);
    },
  };
}

/** A number of events, over and over, makes up a batch. A null is a deletion. */
function sourceOf(events: readonly (Given | null)[], sizes: readonly number[]): Source<Given> {
  const envelopes = events.map((event, n) =>
    event === null
      ? new Envelope<Given>(null, origin, n, { id: `gone${n}`, key: 'gone', at: 0 })
      : new Envelope<Given>(event, origin, n),
  );
  const source = scriptedSource(async function* ({ checkpoints }) {
    async function* frames(): AsyncGenerator<Frame<Given>> {
      let from = place(checkpoints.get('lane')?.position);
      for (let n = 0; from < envelopes.length; n++) {
        const batch = envelopes.slice(from, from + (sizes[n % sizes.length] ?? 1));
        from += batch.length;
        yield { kind: 'batch', events: batch, bytes: batch.length, position: at(from) };
      }
    }
    yield scriptedLane('lane', frames as never);
  });
  return source as unknown as Source<Given>;
}
