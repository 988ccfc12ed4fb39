import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FeedDocument } from '../../../src/changes/feed.js';
import { relativeTime } from '../time/relative-time.js';
import { byteSize } from './byte-size.js';
import { RenameForm } from './rename-form.js';
import { RowActions } from './row-actions.js';

interface Props {
  readonly document: FeedDocument;
  /** Flashes the row when it moves. */
  readonly changes: number;
  readonly now: number;
}

/** One document: what it is, and what can be done with it. */
export function DocumentRow({ document, changes, now }: Props) {
  const [renaming, setRenaming] = useState(false);
  const [problem, setProblem] = useState<string>();
  const renameButton = useRef<HTMLButtonElement>(null);

  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    setProblem(undefined);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem((error as Error).message);
      return false;
    }
  };

  // The button is there again only when the form is gone; then the focus goes back to it.
  const wasRenaming = useRef(false);
  useLayoutEffect(() => {
    if (!renaming && wasRenaming.current) renameButton.current?.focus();
    wasRenaming.current = renaming;
  }, [renaming]);

  return (
    <li class="document" data-id={document.id}>
      {changes > 0 && <span key={changes} class="flash" aria-hidden="true" />}
      <div class="what">
        {renaming ? (
          <RenameForm document={document} attempt={attempt} done={() => setRenaming(false)} />
        ) : (
          <h3>{document.title}</h3>
        )}
        <p class="meta">
          <span>{document.created_by}</span>
          <time dateTime={document.created_at} title={new Date(document.created_at).toLocaleString()}>
            {relativeTime(document.created_at, now)}
          </time>
          <a href={`/documents/${document.id}/content`} target="_blank" rel="noreferrer">
            {byteSize(document.content_size)}
          </a>
          <span data-testid="version">version {document.version}</span>
        </p>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
      <RowActions
        document={document}
        attempt={attempt}
        rename={() => setRenaming(true)}
        renaming={renaming}
        renameButton={renameButton}
      />
    </li>
  );
}
