import { Dialog } from '../dialog/dialog.js';
import { shortcutsOn } from './shortcuts.js';

const KEYS: readonly (readonly [key: string, does: string])[] = [
  ['/', 'Search'],
  ['n', 'New document'],
  ['j, k', 'Next and previous document of the list'],
  ['Enter', 'Open the document'],
  ['s', 'Sign the open document'],
  ['Esc', 'Close, clear the search, or back to the list'],
  ['?', 'This help'],
];

/** What can be done by single keys, and the switch for them. */
export function ShortcutsDialog({ close }: { readonly close: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" close={close}>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              {key.split(', ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={(event) => {
            shortcutsOn.value = event.currentTarget.checked;
          }}
        />
        <span>Use single keys as shortcuts</span>
      </label>
    </Dialog>
  );
}
