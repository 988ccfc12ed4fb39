import type { Document } from '../api/documents.js';
import type { Hit } from '../api/search.js';
import { byteSize } from '../format/byte-size.js';
import { contentTypeName } from '../format/content-type.js';
import { Icon, iconOf } from '../icon/icon.js';
import type { Wish } from '../library/actions.js';
import { Link } from '../route/link.js';
import { Highlight } from '../search/highlight.js';
import { Ago } from '../time/ago.js';
import { StatusPill } from './status-pill.js';

interface Props {
  readonly document: Document | Hit;
  /** How often it changed since the list came into view; it flashes when that moves. */
  readonly changes: number;
  /** What was asked for and is not answered yet. */
  readonly wished: Wish | undefined;
}

/** One document of the list; all of it is the link. */
export function DocumentRow({ document, changes, wished }: Props) {
  const { id, content_type, content_size, created_by, created_at } = document;
  const { title = document.title, status } = wished ?? {};
  const highlights = 'highlights' in document ? document.highlights : undefined;
  // A title that changed since it was found has no marks.
  const marked = highlights?.title?.find((text) => plain(text) === title);
  return (
    <li class="row" data-id={id}>
      {changes > 0 && <span key={changes} class="flash" aria-hidden="true" />}
      <span class={`kind ${iconOf(content_type)}`}>
        <Icon name={iconOf(content_type)} />
      </span>
      <div class="what">
        <h2>
          <Link to={{ document: id }} class="row-link" id={`row-${id}`}>
            {marked ? <Highlight text={marked} /> : title}
          </Link>
        </h2>
        {highlights?.content?.[0] && (
          <p class="snippet">
            <Highlight text={highlights.content[0]} />
          </p>
        )}
        <p class="meta">
          <span>{created_by}</span>
          <Ago at={created_at} />
          <span>
            {contentTypeName(content_type)}, {byteSize(content_size)}
          </span>
        </p>
      </div>
      <StatusPill status={status ?? document.status} busy={status !== undefined} />
    </li>
  );
}

const plain = (text: string) => text.replace(/<\/?em>/g, '');
