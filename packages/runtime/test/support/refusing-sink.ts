import { BatchError, ComponentError, type Envelope, type Sink, type SinkFeatures } from '@sluice/contracts';
import { memoryCheckpoints } from '../../src/index.js';

/** A sink that refuses events one by one, and remembers what it took. */
export interface RefusingSink<T> extends Sink<T> {
  /** What it took, in order. An idempotent one leaves out what is older than what it has. */
  readonly taken: readonly Envelope<T>[];
  /** The data of what it took. */
  readonly values: readonly (T | null)[];
  /** How often each event was given to it, by id. */
  readonly given: ReadonlyMap<string, number>;
}

/** The error for an event that no sink will ever take. */
export const poisoned = () => new ComponentError('TEST_POISON', 'poison', { retry: 'never' });

/** The error for an event that may be taken later. */
export const busy = () => new ComponentError('TEST_BUSY', 'not now', { retry: 'backoff' });

/** Makes a sink that refuses the events for which `refuse` has an error; what it took outlasts its sessions. */
export function refusingSink<T>(
  refuse: (event: Envelope<T>, time: number) => ComponentError | undefined,
  delivery: SinkFeatures['delivery'] = 'plain',
  name = 'refusing',
): RefusingSink<T> {
  const taken: Envelope<T>[] = [];
  const given = new Map<string, number>();
  const newest = new Map<string, bigint>();
  const checkpoints = memoryCheckpoints();
  const take = (event: Envelope<T>) => {
    const key = event.key ?? event.id;
    if (delivery === 'idempotent' && (newest.get(key) ?? -1n) >= event.version.value) return;
    newest.set(key, event.version.value);
    taken.push(event);
  };
  return {
    name,
    features: { delivery },
    taken,
    given,
    get values() {
      return taken.map(({ data }) => data);
    },
    async open() {
      return {
        ...(delivery === 'atomic' ? { checkpoints } : {}),
        async write(events, ctx) {
          const failures = new Map<number, ComponentError>();
          for (const [index, event] of events.entries()) {
            const time = (given.get(event.id) ?? 0) + 1;
            given.set(event.id, time);
            const error = refuse(event, time);
            if (error !== undefined) failures.set(index, error);
          }
          if (delivery === 'atomic') {
            if (failures.size > 0) throw new BatchError(failures);
            if ((await checkpoints.save(ctx.checkpoints)) === 'fenced')
              throw new ComponentError('CHECKPOINT_FENCED', 'x');
          }
          for (const [index, event] of events.entries()) if (!failures.has(index)) take(event);
          if (failures.size > 0) throw new BatchError(failures);
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}
