import type { ObjectReading, ObjectStore, ObjectStoreFeatures } from '@sluice/contracts';
import { mustHold } from '../promise-broken.js';
import { type ConformanceTest, promise } from '../suite.js';

/** An object store as the suite needs it. */
export interface ObjectStoreUnderTest {
  readonly name: string;
  /** As the store declares them; the suite checks that it does. */
  readonly features: ObjectStoreFeatures;
  /** Makes an empty place for objects; each test has one of its own. */
  create(): Promise<ObjectStoreFixture>;
  /** Why what was put does not outlast the store object, where that is so. */
  readonly volatile?: string;
}

/** A place for objects, and stores that open it. */
export interface ObjectStoreFixture extends AsyncDisposable {
  /** A store over the place, anew at each call, as another process would have it. */
  store(): ObjectStore;
  /** How long the suite waits for an address of one second to run out, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

/** Makes a test over a place of its own. */
export type Check = (
  name: string,
  run: (store: ObjectStore, fixture: ObjectStoreFixture) => Promise<void>,
  unless?: string | false,
) => ConformanceTest;

/** Makes the tests of one subject. */
export const checkOf =
  (subject: ObjectStoreUnderTest): Check =>
  (name, run, unless = false) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await using store = fixture.store();
      await run(store, fixture);
    });

/** `length` bytes, of which no two places look the same: 0, 1, 2 … 250, and so on. */
export function bytesOf(length: number, shift = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at + shift) % 251);
}

/** The same bytes as a stream, in chunks of uneven size. */
export async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 100_003) {
    yield bytes.subarray(at, at + size);
  }
}

/** All bytes of a reading; fails when there is no object. */
export async function readAll(reading: ObjectReading | undefined): Promise<Buffer> {
  mustHold(reading !== undefined, 'the object is there');
  const chunks: Uint8Array[] = [];
  for await (const chunk of reading.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Fails unless the object has these bytes. */
export async function mustHave(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  const found = await readAll(await store.get(key));
  mustHold(found.equals(bytes), `the bytes of the object (${bytes.length})`, found.length);
}
