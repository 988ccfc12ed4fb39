import { useState } from 'preact/hooks';
import type { FeedDocument } from '../../../src/changes/feed.js';
import { type Status, TRANSITIONS } from '../../../src/document/status.js';
import { changeDocument, deleteDocument } from '../api/documents-api.js';

interface Props {
  readonly document: FeedDocument;
  readonly attempt: (work: () => Promise<void>) => Promise<boolean>;
  readonly rename: () => void;
}

/** The status, which may be changed to those that can follow it; renaming; deleting, which asks once more. */
export function RowActions({ document, attempt, rename }: Props) {
  const [confirming, setConfirming] = useState(false);
  const { status, title } = document;
  const remove = () => attempt(() => deleteDocument(document)).then(() => setConfirming(false));

  if (confirming) {
    return (
      <div class="actions">
        <span>Delete it?</span>
        <button type="button" class="danger" onClick={() => void remove()} ref={(button) => button?.focus()}>
          Delete
        </button>
        <button type="button" class="plain" onClick={() => setConfirming(false)}>
          Keep
        </button>
      </div>
    );
  }
  return (
    <div class="actions">
      <StatusSelect
        status={status}
        title={title}
        change={(to) => attempt(() => changeDocument(document, { status: to }))}
      />
      <button type="button" class="plain" onClick={rename} aria-label={`Rename ${title}`}>
        Rename
      </button>
      <button type="button" class="plain" onClick={() => setConfirming(true)} aria-label={`Delete ${title}`}>
        Delete
      </button>
    </div>
  );
}

interface StatusProps {
  readonly status: Status;
  readonly title: string;
  readonly change: (to: Status) => Promise<boolean>;
}

function StatusSelect({ status, title, change }: StatusProps) {
  const next = TRANSITIONS[status];
  if (next.length === 0) {
    return (
      <span class={`status ${status}`} data-testid="status">
        {status}
      </span>
    );
  }
  const choose = async (select: HTMLSelectElement) => {
    // What is shown is what the stream says; the choice is shown once it has come true.
    const to = select.value as Status;
    select.value = status;
    await change(to);
  };
  return (
    <select
      class={`status ${status}`}
      aria-label={`Status of ${title}`}
      value={status}
      data-testid="status"
      onChange={(event) => void choose(event.currentTarget)}
    >
      <option value={status}>{status}</option>
      {next.map((to) => (
        <option key={to} value={to}>
          {to}
        </option>
      ))}
    </select>
  );
}
