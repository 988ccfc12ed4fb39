import type { FeedDocument } from '../../../src/changes/feed.js';
import { useNow } from '../time/relative-time.js';
import { DocumentRow } from './document-row.js';

interface Props {
  readonly documents: readonly FeedDocument[];
  readonly changes: ReadonlyMap<string, number>;
}

/** Newest first. */
export function DocumentList({ documents, changes }: Props) {
  const now = useNow(10_000);
  return (
    <ul class="documents card" data-testid="documents">
      {documents.map((document) => (
        <DocumentRow key={document.id} document={document} changes={changes.get(document.id) ?? 0} now={now} />
      ))}
    </ul>
  );
}
