import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Document } from '../api/documents.js';
import { pending, type Wish } from '../library/actions.js';
import { library } from '../library/store.js';
import { DocumentRow } from './document-row.js';

interface Drawn {
  readonly document: Document;
  readonly changes: number;
  readonly wished: Wish | undefined;
  readonly row: VNode;
}

/** The documents, one row each. A row is drawn again only when something of it changed: hundreds of them may change in a second. */
export function Rows({ documents }: { readonly documents: readonly Document[] }) {
  const [seen] = useState(() => library.peek().changes);
  const drawn = useRef<ReadonlyMap<string, Drawn>>(new Map());
  const { changes } = library.value;
  const next = new Map<string, Drawn>();
  for (const document of documents) {
    const { id } = document;
    const before = drawn.current.get(id);
    const now = {
      document,
      changes: Math.max(0, (changes.get(id) ?? 0) - (seen.get(id) ?? 0)),
      wished: pending.value.get(id),
    };
    const same = before?.document === document && before.changes === now.changes && before.wished === now.wished;
    next.set(id, same ? before : { ...now, row: <DocumentRow key={id} {...now} /> });
  }
  drawn.current = next;
  return (
    <ul class="rows" data-testid="documents">
      {[...next.values()].map(({ row }) => row)}
    </ul>
  );
}
