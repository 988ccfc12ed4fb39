import { lastEvent, library } from '../library/store.js';
import { inWords } from '../live/event.js';

/** Tells those who hear the page what others do. */
export function Announcer() {
  const event = lastEvent.value;
  const title = event && library.value.documents.get(event.data.document_id ?? event.data.id ?? '')?.title;
  return (
    <p class="visually-hidden" aria-live="polite" data-testid="announcer">
      {event && inWords(event, title)}
    </p>
  );
}
