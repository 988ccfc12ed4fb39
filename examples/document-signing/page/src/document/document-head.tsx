import type { ComponentChildren } from 'preact';
import { contentPath, type Document } from '../api/documents.js';
import { byteSize } from '../format/byte-size.js';
import { contentTypeName } from '../format/content-type.js';
import { Icon } from '../icon/icon.js';
import { pending } from '../library/actions.js';
import { StatusPill } from '../list/status-pill.js';
import { Ago } from '../time/ago.js';
import { toast } from '../toast/toasts.js';
import { MoreMenu } from './more-menu.js';
import { statusItems } from './status-items.js';
import { Title } from './title.js';

interface Props {
  readonly document: Document;
  /** `undefined` when this person cannot sign it, or has. */
  readonly sign: (() => void) | undefined;
  readonly remove: () => void;
  readonly here: ComponentChildren;
}

/** What the document is, and what can be done with it. */
export function DocumentHead({ document, sign, remove, here }: Props) {
  const wished = pending.value.get(document.id)?.status;
  return (
    <header class="document-head">
      <div class="document-what">
        <Title key={document.id} document={document} />
        <p class="meta">
          <StatusPill status={wished ?? document.status} busy={wished !== undefined} />
          <span>{document.created_by}</span>
          <Ago at={document.created_at} />
          <span>
            {contentTypeName(document.content_type)}, {byteSize(document.content_size)}
          </span>
          <span data-testid="version">version {document.version}</span>
        </p>
      </div>
      <div class="document-actions">
        {here}
        {sign && (
          <button type="button" class="primary" aria-keyshortcuts="s" onClick={sign}>
            <Icon name="pen" />
            Sign
          </button>
        )}
        <MoreMenu
          items={[
            ...statusItems(document),
            { label: 'Download', icon: 'download', act: () => download(document) },
            { label: 'Copy link', icon: 'copy', act: () => void copyLink() },
            { label: 'Delete', icon: 'trash', act: remove, danger: true },
          ]}
        />
      </div>
    </header>
  );
}

function download({ id, title }: Document): void {
  const link = Object.assign(globalThis.document.createElement('a'), { href: contentPath(id), download: title });
  link.click();
}

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    toast('The link is copied.');
  } catch {
    toast('The browser does not let the page copy.', {
      kind: 'problem',
      advice: 'Copy the address of the page instead.',
    });
  }
}
