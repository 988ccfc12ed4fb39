import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../api/call.js';
import type { Document } from '../api/documents.js';
import { addSignature, type Signature } from '../api/signatures.js';
import { Dialog } from '../dialog/dialog.js';
import { profile } from '../profile/profile.js';
import { toast } from '../toast/toasts.js';
import { DrawPanel } from './draw-panel.js';
import type { Pad } from './pad.js';
import { writtenSignature } from './written.js';

interface Props {
  readonly document: Document;
  readonly signed: (signature: Signature) => void;
  readonly close: () => void;
}

/** Signs by drawing, or, where one cannot draw, by writing the name. What was drawn stays when it could not be sent. */
export function SignDialog({ document, signed, close }: Props) {
  const [way, setWay] = useState<'draw' | 'type'>('draw');
  const [name, setName] = useState(profile.peek().name);
  const [strokes, setStrokes] = useState(0);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const pad = useRef<Pad>();
  useEffect(() => setProblem(''), [strokes, way]);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (way === 'draw' && strokes === 0) return setProblem('Draw your signature first, or type it.');
    setBusy(true);
    try {
      const image = way === 'draw' ? pad.current?.image() : undefined;
      signed(
        await addSignature({
          document_id: document.id,
          signer_email: profile.peek().email,
          signer_name: name.trim(),
          signature_data: image ?? writtenSignature(name.trim()),
        }),
      );
      toast(`You signed “${document.title}”.`);
      close();
    } catch (error) {
      setProblem(error instanceof Problem ? `Not signed. ${error.message} ${error.advice}` : (error as Error).message);
      setBusy(false);
    }
  };

  return (
    <Dialog title={`Sign “${document.title}”`} close={close} wide light={false}>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <fieldset class="ways">
          <legend class="visually-hidden">How to sign</legend>
          {(['draw', 'type'] as const).map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="way"
                value={one}
                checked={way === one}
                data-focus={one === 'draw'}
                onChange={() => setWay(one)}
              />
              <span>{one === 'draw' ? 'Draw' : 'Type'}</span>
            </label>
          ))}
        </fieldset>
        <div hidden={way !== 'draw'}>
          <DrawPanel pad={pad} strokes={strokes} changed={setStrokes} />
        </div>
        {way === 'type' && (
          <div class="pad written" aria-hidden="true" data-testid="written">
            {name.trim() || 'Your name'}
          </div>
        )}
        <label class="field">
          <span>Your name</span>
          <input
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            required
            maxLength={255}
            pattern=".*\S.*"
            autocomplete="name"
          />
        </label>
        <p class="quiet">You sign as {profile.value.email}. Everybody who has the document open sees it at once.</p>
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy}>
            {busy ? 'Signing…' : 'Sign'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
