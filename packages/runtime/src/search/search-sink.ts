import {
  BatchError,
  ComponentError,
  type Envelope,
  refuseUnknownOptions,
  type SearchChange,
  type SearchDocument,
  type SearchIndex,
  type Sink,
} from '@sluice/contracts';

/** How events become changes of an index. */
export interface SearchSinkOptions<T extends SearchDocument> {
  /** The document that an event is about. Default: the event's key. */
  readonly id?: (event: Envelope<T>) => string | undefined;
  /** Takes versions of another epoch as newer; see `SearchIndex.apply`. Default: false. */
  readonly adopt?: boolean;
  /** The most events in one write. Default: 500. */
  readonly maxEvents?: number;
}

/**
 * Events into a search index of any kind: data is the document as it is from now on, none deletes it.
 *
 * Idempotent, by the events' versions: a replay or a late duplicate changes nothing, in whatever order events come. The index stays
 * open.
 *
 * @throws ComponentError `OPTIONS_INVALID`; writing rejects with `EVENT_KEY_MISSING` for an event without an id, and as the index does.
 */
export function searchSink<T extends SearchDocument>(index: SearchIndex, options: SearchSinkOptions<T> = {}): Sink<T> {
  refuseUnknownOptions('searchSink', options, ['id', 'adopt', 'maxEvents']);
  const { id = (event) => event.key, adopt = false, maxEvents = 500 } = options;
  if (!Number.isSafeInteger(maxEvents) || maxEvents < 1) {
    throw new ComponentError('OPTIONS_INVALID', 'searchSink: `maxEvents` must be a whole number above 0');
  }
  return {
    name: `search:${index.name}`,
    features: { delivery: 'idempotent', maxEvents },
    open: async () => ({
      async write(events) {
        const changes: SearchChange[] = [];
        const missing = new Map<number, ComponentError>();
        for (const [at, event] of events.entries()) {
          const of = id(event);
          if (of === undefined)
            missing.set(at, new ComponentError('EVENT_KEY_MISSING', `the event ${event.id} has no id`));
          else changes.push({ id: of, version: event.version, document: event.data });
        }
        // Nothing is written: the others come again without these.
        if (missing.size > 0) throw new BatchError(missing);
        await index.apply(changes, { adopt });
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
}
