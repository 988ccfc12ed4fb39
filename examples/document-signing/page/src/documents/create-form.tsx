import { useEffect, useRef, useState } from 'preact/hooks';
import { createDocument } from '../api/documents-api.js';

/** How long a success is worth telling; a problem stays until it is tried again. */
const TOLD_MS = 5_000;

type Outcome = { readonly ok: boolean; readonly text: string } | undefined;

/** A new document. It appears in the list when the change stream brings it, as one that was made elsewhere does. */
export function CreateForm() {
  const [title, setTitle] = useState('');
  const [content, setContent] = useState('');
  const [author, setAuthor] = useState(() => localStorage.getItem('author') ?? '');
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const titleField = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (!outcome?.ok) return;
    const timer = setTimeout(() => setOutcome(undefined), TOLD_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setOutcome(undefined);
    try {
      await createDocument({ title: title.trim(), content, created_by: author.trim() });
      localStorage.setItem('author', author.trim());
      setOutcome({ ok: true, text: `Created “${title.trim()}”.` });
      setTitle('');
      setContent('');
      titleField.current?.focus();
    } catch (error) {
      setOutcome({ ok: false, text: (error as Error).message });
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class="card create" aria-labelledby="create-heading" onSubmit={(event) => void submit(event)}>
      <h2 id="create-heading">New document</h2>
      <div class="fields">
        <label>
          <span>Title</span>
          <input
            ref={titleField}
            value={title}
            onInput={(event) => setTitle(event.currentTarget.value)}
            required
            maxLength={255}
            pattern=".*\S.*"
            title="At least one character that is not a space"
            autocomplete="off"
          />
        </label>
        <label>
          <span>Your e-mail</span>
          <input
            type="email"
            value={author}
            onInput={(event) => setAuthor(event.currentTarget.value)}
            required
            autocomplete="email"
          />
        </label>
        <label class="wide">
          <span>Content</span>
          <textarea rows={2} value={content} onInput={(event) => setContent(event.currentTarget.value)} required />
        </label>
      </div>
      <div class="form-end">
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Creating…' : 'Create document'}
        </button>
        <p class={outcome?.ok === false ? 'problem' : 'quiet'} role="status">
          {outcome?.text}
        </p>
      </div>
    </form>
  );
}
