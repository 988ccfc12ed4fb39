import type { DeadLetter, DeadLetterStore, Envelope, NewDeadLetter } from '@sluice/contracts';
import { mustHold } from '../promise-broken.js';
import { sampleEvent } from '../sample-event.js';
import { type ConformanceTest, promise } from '../suite.js';

/** A dead-letter store as the suite needs it. */
export interface DeadLetterStoreUnderTest {
  readonly name: string;
  /** Makes an empty place for dead letters; each test has one of its own. */
  create(): Promise<DeadLetterStoreFixture>;
  /** Why what was put does not outlast the store object, where that is so. */
  readonly volatile?: string;
  /** Why data that JSON cannot say (bytes, dates, bigint, `UNCHANGED`) comes back otherwise, where that is so. */
  readonly jsonOnly?: string;
}

/** A place for dead letters, and stores that open it. */
export interface DeadLetterStoreFixture extends AsyncDisposable {
  /** A store over the place, anew at each call, as another process would have it. */
  store(): DeadLetterStore;
}

/** Makes a test over a place of its own. */
export type Check = (
  name: string,
  run: (store: DeadLetterStore, fixture: DeadLetterStoreFixture) => Promise<void>,
  unless?: string | false,
) => ConformanceTest;

/** Makes the tests of one subject. */
export const checkOf =
  (subject: DeadLetterStoreUnderTest): Check =>
  (name, run, unless = false) =>
    promise(name, unless, async () => {
      await using fixture = await subject.create();
      await using store = fixture.store();
      await run(store, fixture);
    });

/** The pipeline and the sink that most letters are of. */
export const PLACE = { pipeline: 'p', sink: 's' };

/** A letter of the event `id`; `changes` says what is otherwise. */
export function letterOf(id: string, changes: Partial<NewDeadLetter> & { readonly key?: string } = {}): NewDeadLetter {
  const { key = 'k', ...others } = changes;
  return {
    ...PLACE,
    lane: 'lane',
    position: { resume: '00000000FFFFFFFF', within: 4_294_967_296 },
    event: sampleEvent({ name: id }, { id, key }) as Envelope<unknown>,
    stage: 'mapEvents',
    cause: { code: 'STORE_PG_DATA_REFUSED', message: `${id} was refused` },
    attempts: 3,
    at: new Date(1_700_000_000_123),
    parked: false,
    ...others,
  };
}

/** The ids of the events, in the order of the letters. */
export function eventIds(letters: readonly DeadLetter[]): string[] {
  return letters.map(({ event }) => event.id);
}

/** The letter of an event; fails when there is none. */
export async function letterFor(store: DeadLetterStore, eventId: string): Promise<DeadLetter> {
  const found = (await store.list({ pipeline: PLACE.pipeline })).find(({ event }) => event.id === eventId);
  mustHold(found !== undefined, `the letter of ${eventId} is listed`);
  return found;
}

/** Each event's status, by the event's id. */
export async function statuses(store: DeadLetterStore, pipeline = PLACE.pipeline): Promise<Record<string, string>> {
  const letters = await store.list({ pipeline });
  return Object.fromEntries(letters.map(({ event, status }) => [event.id, status]));
}
