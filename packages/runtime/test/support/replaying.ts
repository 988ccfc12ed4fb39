import type { DeadLetterStore } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import {
  memoryCheckpoints,
  memoryDeadLetters,
  memorySource,
  pipeline,
  type RunningPipeline,
  type ToOptions,
} from '../../src/index.js';

/** What the tests of replay carry. */
export type Data = { readonly n: number; readonly key: string };
/** Events of a key. */
export const at = (key: string, ...numbers: number[]) => numbers.map((n) => ({ key, data: { n, key } }));
/** The numbers of events. */
export const ns = (events: readonly { readonly data: unknown }[]) => events.map(({ data }) => (data as Data | null)?.n);
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

/** A source, a store of dead letters, and what a pipeline between them and a sink is made with. */
export function given(options: ToOptions = {}) {
  const source = memorySource<Data>({ batch: 3 });
  const deadLetters = memoryDeadLetters();
  const from = pipeline('test', { notice: () => {}, checkpointIntervalMs: 1 }).from(source);
  const to: ToOptions = {
    checkpoints: memoryCheckpoints(),
    deadLetters,
    onFailure: 'park',
    deadLetterPollMs: 20,
    retry: { initialMs: 1, maxMs: 2, maxAttempts: 3 },
    ...options,
  };
  return { source, deadLetters, from, to };
}

/** Runs a pipeline for as long as `body` takes. */
export async function running<T>(pipe: RunningPipeline, body: () => Promise<T>): Promise<T> {
  const ended = pipe.run();
  try {
    return await body();
  } finally {
    await pipe.drain({ timeoutMs: 2_000 });
    await ended;
  }
}

/** The letters that wait or are requested. */
export const open = async (store: DeadLetterStore) =>
  (await store.list({ pipeline: 'test', limit: 10_000 })).filter(
    ({ status }) => status === 'waiting' || status === 'requested',
  );
/** Resolves when there is no such letter. */
export const none = (store: DeadLetterStore) =>
  waitFor(async () => (await open(store)).length === 0, { what: 'no open letter' });
