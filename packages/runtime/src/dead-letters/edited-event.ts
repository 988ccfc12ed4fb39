import { Envelope, type EventOrigin } from '@sluice/contracts';

/** The event under another id: that of the letter which it replaces the event of. */
export function keepingId<T>(event: Envelope<T>, id: string): Envelope<T> {
  if (event.id === id) return event;
  const { data, ordinal, record } = event;
  const origin: EventOrigin = {
    source: event.source,
    type: () => event.type,
    id: () => id,
    key: () => event.key,
    time: () => event.time,
    version: () => event.version,
    headers: () => event.headers,
  };
  const { previousKey } = event;
  return new Envelope<T>(data, origin, ordinal, record, previousKey === undefined ? undefined : { previousKey });
}
