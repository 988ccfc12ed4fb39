import { effect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { lastEvents, library } from '../library/store.js';
import { inWords } from '../live/event.js';

/** What happens within so long is told together. */
const TOGETHER_MS = 1_000;

/** Tells those who hear the page what others do: one change in words, many by their number. */
export function Announcer() {
  const [words, setWords] = useState('');
  useEffect(() => {
    let count = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      const event = lastEvents.peek().at(-1);
      const id = event?.data.document_id ?? event?.data.id ?? '';
      if (event) setWords(count === 1 ? inWords(event, library.peek().documents.get(id)?.title) : `${count} changes`);
      timer = undefined;
      count = 0;
    };
    const stop = effect(() => {
      if (lastEvents.value.length === 0) return;
      count += lastEvents.value.length;
      timer ??= setTimeout(tell, TOGETHER_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return (
    <p class="visually-hidden" aria-live="polite">
      {words}
    </p>
  );
}
