import { Envelope, type EventOrigin, type Headers } from '@sluice/contracts';

/** An event as one gives it to a memory source. */
export interface MemoryEvent<T> {
  readonly data: T | null;
  readonly key?: string;
  /** Default: `memory.event`. */
  readonly type?: string;
  readonly headers?: Headers;
}

interface MemoryRecord {
  readonly key: string | undefined;
  readonly type: string;
  readonly headers: Headers;
  readonly time: Date;
}

/** Makes the envelopes of a memory source; `ordinal` is the event's number in it. */
export function memoryEnvelopes<T>(name: string): (event: MemoryEvent<T>, ordinal: number) => Envelope<T> {
  const at = (record: unknown) => record as MemoryRecord;
  const origin: EventOrigin = {
    source: `memory:${name}`,
    type: (_, record) => at(record).type,
    id: (ordinal) => `${name}-${ordinal}`,
    key: (_, record) => at(record).key,
    time: (_, record) => at(record).time,
    version: (ordinal) => ({ epoch: `memory:${name}`, value: BigInt(ordinal) }),
    headers: (_, record) => at(record).headers,
  };
  return ({ data, key, type = 'memory.event', headers = {} }, ordinal) =>
    new Envelope<T>(data, origin, ordinal, { key, type, headers, time: new Date() } satisfies MemoryRecord);
}
