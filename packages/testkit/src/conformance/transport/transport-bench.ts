import { randomUUID } from 'node:crypto';
import type {
  ComponentContext,
  Envelope,
  PublishContext,
  Publisher,
  Transport,
  TransportFeatures,
} from '@sluice/contracts';
import { type SampleFacts, sampleEvent } from '../sample-event.js';
import type { SourceFixture } from '../source/source-fixture.js';
import { type Checkpoints, SourceReader } from '../source/source-reader.js';
import type { TransportFixture } from './transport-fixture.js';

/** Publishes and subscribes as services do, with names that are its own. */
export class TransportBench implements AsyncDisposable {
  readonly transport: Transport;
  readonly #fixture: TransportFixture;
  readonly #run = randomUUID().slice(0, 8);
  readonly #abort = new AbortController();
  #publisher: Promise<Publisher> | undefined;
  #published = 0;

  constructor(fixture: TransportFixture) {
    this.#fixture = fixture;
    this.transport = fixture.transport();
  }

  /** The name of a topic or a group in this test. */
  name(text: string): string {
    return `sluice-${this.#run}-${text}`;
  }

  get context(): ComponentContext {
    return { pipeline: 'conformance', signal: this.#abort.signal, notice: () => undefined };
  }

  /** An event with this text as its bytes, under a key of five; each has a version above the one before. */
  event(text: string, facts: Partial<SampleFacts> = {}): Envelope<Uint8Array> {
    return this.bytes(Buffer.from(text), { key: `k${this.#published % 5}`, ...facts });
  }

  bytes(data: Uint8Array | null, facts: Partial<SampleFacts> = {}): Envelope<Uint8Array> {
    this.#published += 1;
    const version = { epoch: this.#run, value: BigInt(this.#published) };
    return sampleEvent(data, { id: `${this.#run}-${this.#published}`, version, ...facts });
  }

  async publish(topic: string, events: readonly Envelope<Uint8Array>[], context?: PublishContext): Promise<void> {
    this.#publisher ??= this.transport.publisher(this.context);
    await (await this.#publisher).publish(this.name(topic), events, context);
  }

  /** Publishes these texts, in one call. */
  async send(topic: string, texts: readonly string[]): Promise<void> {
    await this.publish(
      topic,
      texts.map((text) => this.event(text)),
    );
  }

  /** Opens a subscription; disposing it is what a process does that stops. */
  subscribe(topics: readonly string[], group: string, checkpoints?: Checkpoints): Promise<SourceReader<Uint8Array>> {
    return SourceReader.open(this.sourceFixture(topics, group), checkpoints === undefined ? {} : { checkpoints });
  }

  sourceFixture(topics: readonly string[], group: string): SourceFixture<Uint8Array> {
    const { timeoutMs } = this.#fixture;
    return {
      source: () =>
        this.#fixture
          .transport()
          .subscribe({ topics: topics.map((topic) => this.name(topic)), group: this.name(group) }),
      produce: (samples) =>
        this.publish(
          topics[0] ?? '',
          samples.map(({ key, value }) => this.bytes(value === null ? null : Buffer.from(value), { key })),
        ),
      value: (event) => Buffer.from(event.data ?? []).toString(),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      [Symbol.asyncDispose]: () => this[Symbol.asyncDispose](),
    };
  }

  /** Stops publishing, as a process does that ends. */
  async stopPublishing(): Promise<void> {
    const publisher = await this.#publisher;
    this.#publisher = undefined;
    await publisher?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopPublishing();
    this.#abort.abort();
  }
}

/** All events that a subscription has received, in their order. */
export function eventsOf(reader: SourceReader<Uint8Array>): Envelope<Uint8Array>[] {
  return reader.batches.flatMap(({ frame }) => [...frame.events]);
}

/** Settles all that was received, as a pipeline does once it is durable. */
export async function settle(reader: SourceReader<Uint8Array>): Promise<void> {
  for (const { frame } of reader.batches) for (const token of frame.tokens ?? []) await token.ack();
  if (reader.batches.every(({ frame }) => frame.tokens === undefined)) await reader.confirm();
}

/** Reads up to the head, so that what comes too often has come. Events that are settled singly have no such place. */
export async function reachHead(reader: SourceReader<Uint8Array>, { ack }: TransportFeatures): Promise<void> {
  if (ack === 'cumulative') await reader.settleAt(await reader.session.head());
}

/** `count` texts, all different. */
export function texts(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, n) => `event ${from + n}`);
}
