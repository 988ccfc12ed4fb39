import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../icon/icon.js';
import { go, route } from '../route/route.js';
import { onKeys } from '../shortcuts/shortcuts.js';

/** Searches as one types; from an open document it leads back to the list. Escape clears it, arrow down goes to the results. */
export function SearchField() {
  const field = useRef<HTMLInputElement>(null);
  const { q, document: open } = route.value;
  useLayoutEffect(() => onKeys({ '/': () => field.current?.focus() }), []);

  const type = (text: string) => {
    // The words are one entry of the history, not one for each key.
    go({ q: text, document: '' }, { replace: open === '' && q !== '' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      if (q === '') field.current?.blur();
      else type('');
    } else if (event.key === 'ArrowDown') {
      event.preventDefault();
      document.querySelector<HTMLElement>('.row-link')?.focus();
    }
  };
  return (
    <search class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        aria-label="Search documents"
        aria-keyshortcuts="/"
        placeholder="Search documents"
        value={q}
        maxLength={500}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        autocomplete="off"
        spellcheck={false}
      />
      {q === '' ? (
        <span class="key" aria-hidden="true">
          /
        </span>
      ) : (
        <button
          type="button"
          class="icon-button small"
          aria-label="Clear the search"
          onClick={() => {
            type('');
            field.current?.focus();
          }}
        >
          <Icon name="close" />
        </button>
      )}
    </search>
  );
}
