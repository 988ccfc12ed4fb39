import { useState } from 'preact/hooks';
import type { Document } from '../api/documents.js';
import { Dialog } from '../dialog/dialog.js';
import { remove } from '../library/actions.js';

interface Props {
  readonly document: Document;
  readonly close: () => void;
  readonly deleted: () => void;
}

/** Asks once more; Escape keeps. */
export function ConfirmDelete({ document, close, deleted }: Props) {
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    const gone = await remove(document);
    close();
    if (gone) deleted();
  };
  return (
    <Dialog title="Delete this document?" close={close}>
      <p>“{document.title}” goes away for everybody, with its content and its signatures. This cannot be undone.</p>
      <div class="dialog-end">
        <button type="button" data-focus onClick={close}>
          Keep
        </button>
        <button type="button" class="danger" disabled={busy} onClick={() => void go()}>
          {busy ? 'Deleting…' : 'Delete'}
        </button>
      </div>
    </Dialog>
  );
}
