import type { Checkpoint, CheckpointStore, CheckpointWrite, Envelope, SinkSession } from '@sluice/contracts';
import { mustHold } from '../promise-broken.js';
import { byKey, latest, type Sample } from '../sample.js';
import type { SinkFixture, SinkUnderTest } from './sink-fixture.js';

/** Writes to a sink as a pipeline does. */
export class SinkWriter<T> implements AsyncDisposable {
  readonly #fixture: SinkFixture<T>;
  readonly session: SinkSession<T>;
  #version = 0n;

  private constructor(fixture: SinkFixture<T>, session: SinkSession<T>) {
    this.#fixture = fixture;
    this.session = session;
  }

  static async open<T>(fixture: SinkFixture<T>): Promise<SinkWriter<T>> {
    const { signal } = new AbortController();
    const session = await fixture.sink().open({ pipeline: 'conformance', signal, notice: () => undefined });
    return new SinkWriter(fixture, session);
  }

  /** Events with versions above all before. */
  events(samples: readonly Sample[]): Envelope<T>[] {
    return samples.map((sample) => this.#fixture.event(sample, this.nextVersion()));
  }

  poison(key: string): Envelope<T> {
    mustHold(this.#fixture.poison !== undefined, 'a poisonable fixture has `poison`');
    return this.#fixture.poison(key, this.nextVersion());
  }

  nextVersion(): bigint {
    this.#version += 1n;
    return this.#version;
  }

  write(events: readonly Envelope<T>[], checkpoints: readonly CheckpointWrite[] = [], attempt = 0): Promise<void> {
    return this.session.write(events, { checkpoints, attempt, signal: new AbortController().signal });
  }

  /** The checkpoint store that an atomic sink's transactions write to. */
  get checkpoints(): CheckpointStore {
    const { checkpoints } = this.session;
    mustHold(checkpoints !== undefined, 'the session of an atomic sink has `checkpoints`');
    return checkpoints;
  }

  async acquire(lane: string): Promise<(resume: string) => CheckpointWrite> {
    const { fence } = await this.checkpoints.acquire('conformance', 'sink', lane, 'me');
    return (resume) => ({ pipeline: 'conformance', sink: 'sink', lane, fence, checkpoint: checkpointAt(resume) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
  }
}

export const checkpointAt = (resume: string): Checkpoint => ({ position: { resume, within: 0 }, identity: 'here' });

/** What of `samples` the destination must hold, in a form that can be compared. */
export function held<T>({ keeps }: SinkUnderTest<T>, samples: Iterable<Sample>): unknown {
  return keeps === 'latest' ? latest(samples) : byKey(samples);
}
