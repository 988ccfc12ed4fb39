import { Envelope, type EventOrigin, keyOf } from '@sluice/contracts';
import type { Window } from './window-lane.js';

/** Makes the events of closed windows. All that they say of themselves follows from the window: a repetition is the same. */
export function windowEnvelopes<U>(scope: string, type: string): (window: Window, data: U) => Envelope<U> {
  const at = (record: unknown) => record as Window;
  const startOf = (record: unknown) => new Date(at(record).start).toISOString();
  const origin: EventOrigin = {
    source: `window:${scope}`,
    type: () => type,
    id: (_, record) => `${scope}/${at(record).key}/${startOf(record)}`,
    key: (_, record) => keyOf([at(record).key, startOf(record)]),
    time: (_, record) => new Date(at(record).end),
    // Dates begin before 1970: as numbers from the first day that there is.
    version: (_, record) => ({ epoch: `window:${scope}`, value: BigInt(at(record).end) + 8_640_000_000_000_001n }),
    headers: () => ({}),
  };
  return (window, data) => new Envelope<U>(data, origin, 0, window);
}
