import { useState } from 'preact/hooks';
import { Problem } from '../api/call.js';
import { Dialog } from '../dialog/dialog.js';
import { byteSize } from '../format/byte-size.js';
import { Icon } from '../icon/icon.js';
import { create } from '../library/actions.js';
import { profile } from '../profile/profile.js';
import { go } from '../route/route.js';
import { changeDraft, clearDraft, draft } from './draft.js';
import { readFile } from './read-file.js';

/** A new document, by writing it or from a file. What was typed stays when it could not be created, and when the dialog is closed by any way but Cancel. */
export function CreateDialog({ close }: { readonly close: () => void }) {
  const { title, content, file } = draft.value;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');

  const choose = (chosen: File | undefined) => {
    changeDraft({ file: chosen });
    if (chosen && title.trim() === '') changeDraft({ title: chosen.name.replace(/\.\w+$/, '') });
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      const given = file ? await readFile(file) : { content, content_type: 'text/plain' };
      const made = await create({ ...given, title: title.trim(), created_by: profile.peek().email });
      clearDraft();
      close();
      go({ document: made.id });
    } catch (error) {
      setProblem(error instanceof Problem ? `${error.message} ${error.advice}` : (error as Error).message);
      setBusy(false);
    }
  };

  const cancel = () => {
    clearDraft();
    close();
  };

  return (
    <Dialog title="New document" close={close} wide light={false}>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span>Title</span>
          <input
            data-focus
            value={title}
            onInput={(event) => changeDraft({ title: event.currentTarget.value })}
            required
            maxLength={255}
            pattern=".*\S.*"
            title="At least one character that is not a space"
            autocomplete="off"
          />
        </label>
        {file ? (
          <div class="chosen">
            <Icon name="file" />
            <span>
              {file.name} <span class="quiet">{byteSize(file.size)}</span>
            </span>
            <button type="button" class="plain" onClick={() => choose(undefined)}>
              Write instead
            </button>
          </div>
        ) : (
          <label class="field">
            <span>Content</span>
            <textarea
              rows={8}
              value={content}
              onInput={(event) => changeDraft({ content: event.currentTarget.value })}
              required
            />
          </label>
        )}
        <label class="file-field">
          <Icon name="upload" />
          <span>{file ? 'Choose another file' : 'Use a file instead'}</span>
          <input type="file" onChange={(event) => choose(event.currentTarget.files?.[0])} />
        </label>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="dialog-end">
          <span class="quiet">as {profile.value.email}</span>
          <button type="button" onClick={cancel}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy}>
            {busy ? 'Creating…' : 'Create document'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
