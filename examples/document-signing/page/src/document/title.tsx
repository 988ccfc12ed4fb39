import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Document } from '../api/documents.js';
import { Icon } from '../icon/icon.js';
import { change, pending } from '../library/actions.js';

/** The title, which can be edited in its place: Enter saves, Escape leaves it as it was. */
export function Title({ document }: { readonly document: Document }) {
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const edited = useRef(false);
  useLayoutEffect(() => {
    if (!editing && edited.current) button.current?.focus();
    edited.current = editing;
  }, [editing]);

  if (editing) return <TitleForm document={document} done={() => setEditing(false)} />;
  const wished = pending.value.get(document.id)?.title;
  return (
    <div class="title">
      <h1 id="document-title" tabIndex={-1} class={wished === undefined ? '' : 'busy'}>
        {wished ?? document.title}
      </h1>
      <button
        type="button"
        class="icon-button"
        aria-label="Rename"
        title="Rename"
        ref={button}
        onClick={() => setEditing(true)}
      >
        <Icon name="edit" />
      </button>
    </div>
  );
}

function TitleForm({ document, done }: { readonly document: Document; readonly done: () => void }) {
  const [title, setTitle] = useState(document.title);
  const field = useRef<HTMLInputElement>(null);
  // Before the next key can come.
  useLayoutEffect(() => field.current?.select(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (title.trim() === document.title || (await change(document, { title: title.trim() }))) done();
  };
  return (
    <form class="title" onSubmit={(event) => void submit(event)}>
      <h1 id="document-title" class="visually-hidden">
        {document.title}
      </h1>
      <input
        ref={field}
        aria-label="Title"
        value={title}
        onInput={(event) => setTitle(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          done();
        }}
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
