import { useState } from 'preact/hooks';
import type { IconName } from '../icon/icon.js';
import { Icon } from '../icon/icon.js';
import type { LiveEvent } from '../live/event.js';
import { Ago } from '../time/ago.js';

/** What is shown at first. */
const RECENT = 30;

/** What happened to the document, the newest first. */
export function Timeline({ events }: { readonly events: readonly LiveEvent[] | undefined }) {
  const [all, setAll] = useState(false);
  if (events === undefined) return <p class="quiet">Loading…</p>;
  if (events.length === 0) return <p class="quiet">Nothing yet; it comes within a moment.</p>;
  return (
    <>
      <ol class="timeline" data-testid="activity">
        {(all ? [...events] : events.slice(-RECENT)).reverse().map((event) => (
          <li key={event.offset ?? event.timestamp} class={event.type.replace('.', '-')}>
            <span class="timeline-dot">
              <Icon name={iconOf(event)} />
            </span>
            <p>{tell(event)}</p>
            <Ago at={event.timestamp} />
          </li>
        ))}
      </ol>
      {!all && events.length > RECENT && (
        <button type="button" class="plain" onClick={() => setAll(true)}>
          Show all {events.length}
        </button>
      )}
    </>
  );
}

function tell({ type, data }: LiveEvent) {
  switch (type) {
    case 'document.created':
      return data.created_by ? (
        <>
          <strong>{data.created_by}</strong> created it
        </>
      ) : (
        'Created'
      );
    case 'document.updated':
      return data.title ? (
        <>
          Changed; the title is <strong>{data.title}</strong>
        </>
      ) : (
        'Changed'
      );
    case 'document.deleted':
      return 'Deleted';
    case 'signature.added':
      return (
        <>
          <strong>{data.signer_name}</strong> signed
        </>
      );
    default:
      return (
        <>
          Status changed from {data.old_status} to <strong>{data.new_status}</strong>
        </>
      );
  }
}

function iconOf({ type, data }: LiveEvent): IconName {
  if (type === 'signature.added') return 'pen';
  if (type === 'document.created') return 'plus';
  if (type === 'document.updated') return 'edit';
  if (type === 'document.deleted') return 'trash';
  const icons: Readonly<Record<string, IconName>> = {
    sent: 'send',
    viewed: 'eye',
    cancelled: 'ban',
    archived: 'archive',
  };
  return icons[data.new_status ?? ''] ?? 'check';
}
