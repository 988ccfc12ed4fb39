import { Envelope, type EventOrigin, type Headers, type Version } from '@sluice/contracts';

/** What an event of the suites says of itself. */
export interface SampleFacts {
  readonly id: string;
  /** Default: `/conformance`. */
  readonly source?: string;
  readonly key?: string | undefined;
  /** Default: `sample`. */
  readonly type?: string;
  readonly time?: Date;
  readonly version?: Version;
  readonly headers?: Headers;
}

/** An event with these facts. */
export function sampleEvent<T>(data: T | null, facts: SampleFacts): Envelope<T> {
  const { source } = facts;
  return new Envelope<T>(data, source === undefined ? origin : { ...origin, source }, 0, facts);
}

const factsOf = (record: unknown) => record as SampleFacts;

const origin: EventOrigin = {
  source: '/conformance',
  type: (_, record) => factsOf(record).type ?? 'sample',
  id: (_, record) => factsOf(record).id,
  key: (_, record) => factsOf(record).key,
  time: (_, record) => factsOf(record).time ?? new Date(1_700_000_000_123),
  version: (_, record) => factsOf(record).version ?? { epoch: 'here', value: 1n },
  headers: (_, record) => factsOf(record).headers ?? {},
};

/** All that can be said of an event, in a form that can be compared. */
export function factsIn(event: Envelope<unknown>): unknown {
  const { id, type, source, key, time, version, headers, data } = event;
  return { id, type, source, key, time: time.getTime(), version: { ...version }, headers: { ...headers }, data };
}
