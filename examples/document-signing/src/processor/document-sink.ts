import type { Envelope, ObjectStore, SearchIndex, Sink } from '@sluice/contracts';
import { searchSink } from '@sluice/runtime';
import type { IndexedDocument } from '../search/document-index.js';
import { contentText } from './content-text.js';
import { type ChangedDocument, documentIdOf } from './document-change.js';

/** Documents in one write, each with up to 1 MiB of text; and contents that are read at once. */
const MAX_EVENTS = 100;
const READ_AT_ONCE = 8;

/**
 * Changed documents with their contents into the index, as idempotent as {@link searchSink}.
 *
 * Contents are read within the write: while the object store is away, the pipeline tries again, and no document is lost or indexed without its
 * text. Of several changes of a document within a write the content is read once: it never changes.
 */
export function documentSink(index: SearchIndex, objects: ObjectStore): Sink<ChangedDocument> {
  const sink = searchSink<IndexedDocument>(index, { id: documentIdOf, maxEvents: MAX_EVENTS });
  return {
    name: sink.name,
    features: sink.features,
    async open(ctx) {
      const session = await sink.open(ctx);
      return {
        async write(events, write) {
          await session.write(await withContents(objects, events), write);
        },
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}

async function withContents(
  objects: ObjectStore,
  events: readonly Envelope<ChangedDocument>[],
): Promise<Envelope<IndexedDocument>[]> {
  const documents = new Map<string, ChangedDocument>();
  for (const { data } of events) if (data !== null) documents.set(data.contentKey, data);
  const waiting = [...documents.values()];
  const texts = new Map<string, Awaited<ReturnType<typeof contentText>>>();
  const readOn = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      texts.set(next.contentKey, await contentText(objects, next));
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, readOn));
  return events.map((event) => {
    const text = event.data && texts.get(event.data.contentKey);
    return event.with<IndexedDocument>(event.data && text ? { ...event.data.entry, ...text } : null);
  });
}
