import { Envelope, type EventOrigin, type SearchDocument } from '@sluice/contracts';
import { memorySearch } from '@sluice/testkit';
import { conformance, type Sample, sinkConformance } from '@sluice/testkit/conformance';
import { describe, expect, test } from 'vitest';
import { searchSink } from '../src/index.js';

const origin: EventOrigin = {
  source: '/samples',
  type: () => 'sample',
  id: (ordinal) => String(ordinal),
  key: (_, record) => (record as Sample).key,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({}),
};
const event = (key: string | undefined, document: SearchDocument | null, version: bigint) =>
  new Envelope<SearchDocument>(document, origin, Number(version), { key });

conformance(
  sinkConformance<SearchDocument>({
    name: 'searchSink',
    features: { delivery: 'idempotent', maxEvents: 500 },
    keeps: 'latest',
    poisonable: true,
    async create() {
      const index = memorySearch({ fields: { value: { kind: 'text' }, size: { kind: 'number' } } });
      return {
        sink: () => searchSink(index),
        event: ({ key, value }, version) => event(key, value === null ? null : { value }, version),
        poison: (key, version) => event(key, { size: 'no number' }, version),
        async read() {
          const { hits } = await index.search({ limit: 1_000 });
          return hits.map(({ id, document }) => ({ key: id, value: String(document['value']) }));
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  }),
  { describe, test },
);

test('an event without an id is named, and comes back without the others being lost', async () => {
  const index = memorySearch({ fields: {} });
  const sink = searchSink(index, { id: ({ key }) => key?.slice(1) });
  const { signal } = new AbortController();
  const session = await sink.open({ pipeline: 'p', signal, notice: () => undefined });
  const write = (events: Envelope<SearchDocument>[]) => session.write(events, { checkpoints: [], attempt: 0, signal });
  const [good, bad] = [event('#a', { title: 'a' }, 1n), event(undefined, { title: 'b' }, 2n)];
  const error = await write([good, bad]).catch((error: unknown) => error);
  expect(
    [...(error as { failures: Map<number, { code: string }> }).failures].map(([at, { code }]) => [at, code]),
  ).toEqual([[1, 'EVENT_KEY_MISSING']]);
  await write([good]);
  expect((await index.get('a'))?.document).toEqual({ title: 'a' });
});

test.each([{ maxEvents: 0 }, { adobt: true } as never])('a bad option is refused: %o', (options) => {
  expect(() => searchSink(memorySearch({ fields: {} }), options)).toThrow(
    expect.objectContaining({ code: 'OPTIONS_INVALID' }),
  );
});
