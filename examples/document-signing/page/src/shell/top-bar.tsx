import { openDialog } from '../dialog/open-dialog.js';
import { tone } from '../document/people.js';
import { Icon } from '../icon/icon.js';
import { initials, profile } from '../profile/profile.js';
import { Link } from '../route/link.js';
import { SearchField } from '../search/search-field.js';
import { ThemeSwitch } from '../theme/theme-switch.js';
import { ConnectionBadge } from './connection-badge.js';
import { Mark } from './mark.js';

/** What is on every view: the way home, the search, the connection, and who one is. */
export function TopBar() {
  const { name, email } = profile.value;
  return (
    <header class="top">
      <div class="top-inner">
        <Link class="home" to={{ document: '', q: '', status: '', content_type: '', created_by: '' }}>
          <Mark />
          <span>Sluice Sign</span>
        </Link>
        <SearchField />
        <div class="top-end">
          <ConnectionBadge />
          <ThemeSwitch />
          <button
            type="button"
            class="icon-button wide-only"
            aria-label="Keyboard shortcuts"
            aria-keyshortcuts="?"
            title="Keyboard shortcuts (?)"
            onClick={() => {
              openDialog.value = 'shortcuts';
            }}
          >
            <Icon name="keyboard" />
          </button>
          <button
            type="button"
            class={`avatar tone-${tone(email)}`}
            title={`${name}, ${email}`}
            onClick={() => {
              openDialog.value = 'profile';
            }}
          >
            <span aria-hidden="true">{initials(name)}</span>
            <span class="visually-hidden">Your profile: {name}</span>
          </button>
          <button
            type="button"
            class="primary new"
            aria-keyshortcuts="n"
            onClick={() => {
              openDialog.value = 'create';
            }}
          >
            <Icon name="plus" />
            <span>New document</span>
          </button>
        </div>
      </div>
    </header>
  );
}
