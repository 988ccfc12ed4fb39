import { Envelope, type EventOrigin } from '@sluice/contracts';

/** What the throw-away sources carry: the event's own number within its partition. */
export interface Numbered {
  readonly lane: string;
  readonly n: number;
}

const origin: EventOrigin = {
  source: '/numbered',
  type: () => 'numbered',
  id: (_, record) => `${(record as Numbered).lane}-${(record as Numbered).n}`,
  key: (_, record) => `${(record as Numbered).lane}-key-${(record as Numbered).n % 5}`,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: '1', value: BigInt(ordinal) }),
  headers: () => ({}),
};

/** Event number `n` of `lane`. */
export function numbered(lane: string, n: number): Envelope<Numbered> {
  return new Envelope({ lane, n }, origin, n);
}
