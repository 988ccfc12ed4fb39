import { Envelope, type EventOrigin } from '@sluice/contracts';
import {
  checkpointStoreConformance,
  conformance,
  deadLetterStoreConformance,
  type Sample,
  sinkConformance,
  sourceConformance,
  stateStoreConformance,
  transportConformance,
} from '@sluice/testkit/conformance';
import { describe, test } from 'vitest';
import {
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  memoryState,
  memoryTransport,
} from '../src/index.js';

const framework = { describe, test };

const origin: EventOrigin = {
  source: '/samples',
  type: () => 'sample',
  id: (ordinal) => String(ordinal),
  key: (_, record) => (record as Sample).key,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({}),
};
const sampleEvent = (sample: Sample, version: bigint) =>
  new Envelope<string>(sample.value, origin, Number(version), sample);

conformance(
  sourceConformance<string>({
    name: 'memorySource',
    features: { ack: 'cumulative', replayable: true },
    async create() {
      const source = memorySource<string>({ batch: 7 });
      return {
        source: () => source,
        produce: async (samples) => source.push(...samples.map(({ key, value }) => ({ key, data: value }))),
        value: (event) => event.data ?? '',
        async [Symbol.asyncDispose]() {},
      };
    },
  }),
  framework,
);

conformance(
  transportConformance({
    name: 'memoryTransport',
    features: { ack: 'cumulative', orderedByKey: true, durable: false, groups: true },
    async create() {
      const transport = memoryTransport({ batch: 7 });
      return { transport: () => transport, async [Symbol.asyncDispose]() {} };
    },
  }),
  framework,
);

for (const delivery of ['plain', 'idempotent', 'atomic'] as const) {
  conformance(
    sinkConformance<string>({
      name: `memorySink, ${delivery}`,
      features: { delivery },
      keeps: delivery === 'idempotent' ? 'latest' : 'all',
      poisonable: false,
      async create() {
        const sink = memorySink<string>({ delivery });
        const session = await sink.open({
          pipeline: 'p',
          signal: new AbortController().signal,
          notice: () => undefined,
        });
        return {
          sink: () => sink,
          event: sampleEvent,
          read: async () => sink.events.map(({ key = '', data }) => ({ key, value: data })),
          ...(session.checkpoints
            ? { checkpoints: () => session.checkpoints as NonNullable<typeof session.checkpoints> }
            : {}),
          async [Symbol.asyncDispose]() {},
        };
      },
    }),
    framework,
  );
}

conformance(
  checkpointStoreConformance({
    name: 'memoryCheckpoints',
    volatile: 'it is gone with the process',
    async create() {
      const store = memoryCheckpoints();
      return { store: () => store, async [Symbol.asyncDispose]() {} };
    },
  }),
  framework,
);

conformance(
  deadLetterStoreConformance({
    name: 'memoryDeadLetters',
    volatile: 'they are gone with the process',
    async create() {
      const store = memoryDeadLetters();
      return { store: () => store, async [Symbol.asyncDispose]() {} };
    },
  }),
  framework,
);

conformance(
  stateStoreConformance({
    name: 'memoryState',
    volatile: 'it is gone with the process',
    async create() {
      const store = memoryState();
      return { store: () => store, async [Symbol.asyncDispose]() {} };
    },
  }),
  framework,
);
