import type {
  Cache,
  CheckpointStore,
  Counters,
  DeadLetterStore,
  ObjectStore,
  Sink,
  Telemetry,
  Transport,
} from '@sluice/contracts';
import { mapEvents, type Notice, pipeline, type RunningPipeline } from '@sluice/runtime';
import { patientSink } from '../sink/patient-sink.js';
import { type DocumentChange, readDocumentChange } from './document-change.js';
import { DOCUMENTS_TOPIC } from './topics.js';

/** What {@link cachePipeline} is made of. */
export interface CachePipelineParts {
  /** Has the topic `cdc.documents`. */
  readonly transport: Transport;
  readonly checkpoints: CheckpointStore;
  readonly cache: Cache;
  readonly counters: Counters;
  readonly objects: ObjectStore;
  /** Where records go that are no change of a document. Without it they are dropped, and counted by the pipeline. */
  readonly deadLetters?: DeadLetterStore;
  readonly notice?: (notice: Notice) => void;
  readonly telemetry?: Telemetry;
}

/** As long as the document service keeps a document. */
const TTL_MS = 300_000;

/**
 * `cdc.documents` → what is known of a document besides its row: older states leave the cache, and a deleted document
 * takes its counts and its objects along.
 *
 * The writer does the same at once; this holds also when it died in between, and for changes that somebody else made.
 * Doing it again changes nothing.
 */
export function cachePipeline(parts: CachePipelineParts): RunningPipeline {
  const { transport, checkpoints, deadLetters, notice, telemetry } = parts;
  return pipeline('cache', { ...(notice ? { notice } : {}), ...(telemetry ? { telemetry } : {}) })
    .from(transport.subscribe({ topics: [DOCUMENTS_TOPIC], group: 'cache' }))
    .pipe(mapEvents(readDocumentChange))
    .to(patientSink(besidesTheRow(parts)), {
      checkpoints,
      onFailure: 'skip',
      ...(deadLetters ? { deadLetters } : {}),
    });
}

function besidesTheRow({ cache, counters, objects }: CachePipelineParts): Sink<DocumentChange> {
  return {
    name: 'cache',
    features: { delivery: 'idempotent', maxEvents: 500 },
    open: async () => ({
      async write(events, { signal }) {
        // A tombstone follows its deletion, and says no more.
        const changes = events.flatMap(({ data }) => data ?? []);
        const outdated = changes.filter((change) => change.outdated > 0);
        const keys = outdated.map(({ id, outdated: version }) => ({ key: `document:${id}`, version }));
        if (keys.length > 0) await cache.invalidate(keys, { ttlMs: TTL_MS });
        const gone = changes.filter((change) => change.gone).map(({ id }) => id);
        if (gone.length > 0) await counters.remove(gone.map((id) => `views:${id}`));
        for (const id of gone) {
          signal.throwIfAborted();
          await removeObjects(objects, id);
        }
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
}

/** The content, and the signatures' images. */
async function removeObjects(objects: ObjectStore, id: string): Promise<void> {
  for (;;) {
    const found = await objects.list(`${id}/`);
    if (found.length === 0) return;
    for (const { key } of found) await objects.delete(key);
  }
}
