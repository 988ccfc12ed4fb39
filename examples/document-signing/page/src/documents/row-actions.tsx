import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FeedDocument } from '../../../src/changes/feed.js';
import { changeDocument, deleteDocument } from '../api/documents-api.js';
import { ConfirmDelete } from './confirm-delete.js';
import { StatusSelect } from './status-select.js';

interface Props {
  readonly document: FeedDocument;
  readonly attempt: (work: () => Promise<void>) => Promise<boolean>;
  readonly rename: () => void;
  /** While it is being renamed there is nothing to start. */
  readonly renaming: boolean;
  /** Where the focus goes back to. */
  readonly renameButton: RefObject<HTMLButtonElement>;
}

/** The status, which may be changed to those that can follow it; renaming; deleting, which asks once more. */
export function RowActions({ document, attempt, rename, renaming, renameButton }: Props) {
  const [confirming, setConfirming] = useState(false);
  const deleteButton = useRef<HTMLButtonElement>(null);
  const asked = useRef(false);
  const { status, title } = document;
  const remove = () => attempt(() => deleteDocument(document)).then(() => setConfirming(false));

  useLayoutEffect(() => {
    if (!confirming && asked.current) deleteButton.current?.focus();
    asked.current = confirming;
  }, [confirming]);

  if (confirming) return <ConfirmDelete remove={() => void remove()} keep={() => setConfirming(false)} />;
  return (
    <div class="actions">
      <StatusSelect
        status={status}
        title={title}
        change={(to) => attempt(() => changeDocument(document, { status: to }))}
      />
      {!renaming && (
        <button type="button" class="plain" ref={renameButton} onClick={rename} aria-label={`Rename ${title}`}>
          Rename
        </button>
      )}
      <button
        type="button"
        class="plain"
        ref={deleteButton}
        onClick={() => setConfirming(true)}
        aria-label={`Delete ${title}`}
      >
        Delete
      </button>
    </div>
  );
}
