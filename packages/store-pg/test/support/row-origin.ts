import type { EventOrigin } from '@sluice/contracts';

/** Rows whose key is what the source read, in the order of their ordinals. */
export const origin: EventOrigin = {
  source: '/test',
  type: () => 'row',
  id: (ordinal) => `${ordinal}`,
  key: (_, record) => record as string,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'e', value: BigInt(ordinal) }),
  headers: () => ({}),
};
