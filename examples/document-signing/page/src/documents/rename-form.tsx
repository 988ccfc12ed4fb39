import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FeedDocument } from '../../../src/changes/feed.js';
import { changeDocument } from '../api/documents-api.js';

interface Props {
  readonly document: FeedDocument;
  readonly attempt: (work: () => Promise<void>) => Promise<boolean>;
  readonly done: () => void;
}

/** Edits the title in its place: Enter saves, Escape leaves it as it was. */
export function RenameForm({ document, attempt, done }: Props) {
  const [title, setTitle] = useState(document.title);
  const field = useRef<HTMLInputElement>(null);
  // Before the next key can come.
  useLayoutEffect(() => field.current?.select(), []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (title.trim() === document.title) return done();
    if (await attempt(() => changeDocument(document, { title: title.trim() }))) done();
  };

  return (
    <form class="rename" onSubmit={(event) => void submit(event)}>
      <input
        ref={field}
        aria-label="Title"
        value={title}
        onInput={(event) => setTitle(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && done()}
        required
        maxLength={255}
        pattern=".*\S.*"
      />
      <button type="submit">Save</button>
      <button type="button" class="plain" onClick={done}>
        Cancel
      </button>
    </form>
  );
}
