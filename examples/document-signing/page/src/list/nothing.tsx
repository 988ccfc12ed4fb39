import type { ComponentChildren } from 'preact';
import { openDialog } from '../dialog/open-dialog.js';
import { Icon, type IconName } from '../icon/icon.js';
import { Link } from '../route/link.js';
import { suggestions } from '../search/results.js';

/** What to do when there is nothing yet. */
export function NoDocuments() {
  const command = `curl -s ${location.origin}/documents -H 'content-type: application/json' \\
  -d '{"title":"Lease agreement","content":"Between …","created_by":"ada@example.com"}'`;
  return (
    <Nothing icon="pen" title="No documents yet">
      <p>Write one, or drop a file anywhere on this page.</p>
      <button
        type="button"
        class="primary"
        onClick={() => {
          openDialog.value = 'create';
        }}
      >
        <Icon name="plus" />
        New document
      </button>
      <details>
        <summary>From a terminal</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
        <pre tabIndex={0}>
          <code>{command}</code>
        </pre>
      </details>
    </Nothing>
  );
}

/** Nothing was found by words. */
export function NothingFound({ q, filtered }: { readonly q: string; readonly filtered: boolean }) {
  return (
    <Nothing icon="search" title={q ? `Nothing found for “${q}”` : 'No document has this'}>
      {suggestions.value.length > 0 && (
        <p>
          Did you mean{' '}
          {suggestions.value.map((text, at) => (
            <span key={text}>
              {at > 0 && ', '}
              <Link to={{ q: text }}>{text}</Link>
            </span>
          ))}
          ?
        </p>
      )}
      <p>
        {filtered ? (
          <Link to={{ status: '', content_type: '', created_by: '' }}>Search without filters</Link>
        ) : (
          'Small mistakes in spelling are forgiven; try fewer words.'
        )}
      </p>
    </Nothing>
  );
}

interface Props {
  readonly icon: IconName;
  readonly title: string;
  /** Whether it is all that the page shows. */
  readonly alone?: boolean;
  readonly children: ComponentChildren;
}

/** Stands where something would stand: says that there is nothing, and what to do. */
export function Nothing({ icon, title, alone = false, children }: Props) {
  const Heading = alone ? 'h1' : 'p';
  return (
    <div class="nothing">
      <Icon name={icon} />
      <Heading class="nothing-title">{title}</Heading>
      {children}
    </div>
  );
}
