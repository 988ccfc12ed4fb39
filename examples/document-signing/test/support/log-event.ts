import { Envelope, type EventOrigin } from '@sluice/contracts';

const origin: EventOrigin = {
  source: '/test',
  type: () => 'test',
  id: (ordinal) => String(ordinal),
  key: (_, record) => record as string,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'test', value: BigInt(ordinal) }),
  headers: () => ({}),
};
let events = 0;

/** An event of a topic, with this text as its bytes. */
export function logEvent(text: string, key: string): Envelope<Uint8Array> {
  events += 1;
  return new Envelope<Uint8Array>(Buffer.from(text), origin, events, key);
}
