import { useState } from 'preact/hooks';
import { Dialog } from '../dialog/dialog.js';
import { introduced, profile, saveProfile } from './profile.js';

/** Who uses the page. At the first visit it asks; whoever closes it goes on as the guest that it proposed. */
export function ProfileDialog({ close }: { readonly close: () => void }) {
  const [name, setName] = useState(profile.peek().name);
  const [email, setEmail] = useState(profile.peek().email);
  const [first] = useState(!introduced.peek());
  const leave = () => {
    if (first) saveProfile(profile.peek().name, profile.peek().email);
    close();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    saveProfile(name.trim(), email.trim());
    close();
  };
  return (
    <Dialog title={first ? 'Welcome' : 'Your profile'} close={leave}>
      <form class="stack" onSubmit={submit}>
        <p class="quiet">
          {first ? 'Who is signing today? ' : ''}
          Documents are created and signed in this name. It is kept in this browser; there is no account.
        </p>
        <label class="field">
          <span>Name</span>
          <input
            data-focus
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            required
            maxLength={255}
            pattern=".*\S.*"
            title="At least one character that is not a space"
            autocomplete="name"
          />
        </label>
        <label class="field">
          <span>E-mail</span>
          <input
            type="email"
            value={email}
            onInput={(event) => setEmail(event.currentTarget.value)}
            required
            maxLength={320}
            autocomplete="email"
          />
        </label>
        <div class="dialog-end">
          <button type="submit" class="primary">
            {first ? 'Continue' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
