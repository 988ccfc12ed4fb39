import type { StateChange, StateStore, StateValue } from '@sluice/contracts';
import { mustEqual } from '../promise-broken.js';
import { type ConformanceTest, promise } from '../suite.js';

/** A state store as the suite needs it. */
export interface StateStoreUnderTest {
  readonly name: string;
  /** Makes an empty place for state; each test has one of its own. */
  create(): Promise<StateStoreFixture>;
  /** Why what was written does not outlast the store object, where that is so. */
  readonly volatile?: string;
}

/** A place for state, and stores that open it. */
export interface StateStoreFixture extends AsyncDisposable {
  /** A store over the place, anew at each call, as another process would have it. */
  store(): StateStore;
}

/** Makes a test over a place of its own. */
export type Check = (
  name: string,
  run: (store: StateStore, fixture: StateStoreFixture) => Promise<void>,
  unless?: string | false,
) => ConformanceTest;

/** Makes the tests of one subject. */
export const checkOf =
  (subject: StateStoreUnderTest): Check =>
  (name, run, unless = false) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await using store = fixture.store();
      await run(store, fixture);
    });

/** Writes new keys, or fails. */
export async function writeNew(
  store: StateStore,
  values: readonly (readonly [key: string, value: StateValue])[],
  seen: readonly string[] = [],
  scope = 'scope',
): Promise<void> {
  const change: StateChange = { writes: values.map(([key, value]) => ({ key, value, expected: 0n })), seen };
  mustEqual(await store.write(scope, change), 'written', 'a write of new keys');
}

/** The values of these keys, by key. */
export async function valuesOf(
  store: StateStore,
  keys: readonly string[],
  scope = 'scope',
): Promise<[string, StateValue][]> {
  const entries = await store.read(scope, keys);
  return [...entries]
    .map(([key, { value }]): [string, StateValue] => [key, value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The revision of a key; 0 when there is none, as a write would have to give it. */
export async function revisionOf(store: StateStore, key: string, scope = 'scope'): Promise<bigint> {
  return (await store.read(scope, [key])).get(key)?.revision ?? 0n;
}
