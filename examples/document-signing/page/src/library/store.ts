import { batch, computed, signal } from '@preact/signals';
import { Problem } from '../api/call.js';
import { type Document, listDocuments, PAGE_SIZE } from '../api/documents.js';
import type { LiveEvent } from '../live/event.js';
import {
  addDocuments,
  applyEvent,
  EMPTY_LIBRARY,
  KNOWN_DOCUMENTS,
  loadLibrary,
  newestFirst,
  withoutDocument,
} from './library.js';

/** The documents that the page knows, as the change stream has them. */
export const library = signal(EMPTY_LIBRARY);
/** Whether the list was ever loaded. */
export const loaded = signal(false);
/** Whether there are older documents than the page has loaded. */
export const more = signal(false);
/** Why the list could not be loaded. */
export const loadProblem = signal<Problem>();
/** The events that came last, for everything that wants to look again. */
export const lastEvents = signal<readonly LiveEvent[]>([]);

export const documents = computed(() => [...library.value.documents.values()].sort(newestFirst));

const RETRY_MS = 2_000;
let since: LiveEvent[] | undefined;
let loading: AbortController | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;

/** What comes within so long of what was shown last is shown together, so that a flood of changes does not stop the page. */
const TOGETHER_MS = 50;
let waiting: LiveEvent[] = [];
let showing: ReturnType<typeof setTimeout> | undefined;
let shownAt = 0;

/** Takes an event of the feed; one that came while the list was loading is applied to what was loaded as well. */
export function takeEvent(event: LiveEvent): void {
  since?.push(event);
  waiting.push(event);
  if (showing === undefined) showing = setTimeout(show, Math.max(0, shownAt + TOGETHER_MS - performance.now()));
}

function show(): void {
  const events = waiting;
  waiting = [];
  showing = undefined;
  shownAt = performance.now();
  batch(() => {
    library.value = events.reduce(applyEvent, library.peek());
    if (library.peek().documents.size >= KNOWN_DOCUMENTS) more.value = true;
    lastEvents.value = events;
  });
}

/** Loads the list anew. Called once the feed is open, so that nothing falls between the two. Tries until it works. */
export async function reload(): Promise<void> {
  loading?.abort();
  clearTimeout(retry);
  const mine = new AbortController();
  loading = mine;
  since ??= [];
  try {
    const found = await listDocuments(0, mine.signal);
    if (mine.signal.aborted) return;
    const told = since ?? [];
    since = undefined;
    batch(() => {
      library.value = loadLibrary(library.peek(), found, told);
      more.value = found.length === PAGE_SIZE;
      loaded.value = true;
      loadProblem.value = undefined;
    });
  } catch (error) {
    if (mine.signal.aborted) return;
    loadProblem.value = error instanceof Problem ? error : new Problem(0, String(error), '');
    retry = setTimeout(() => void reload(), RETRY_MS);
  }
}

/** Loads the next older documents. */
export async function loadOlder(): Promise<void> {
  const found = await listDocuments(library.peek().documents.size);
  batch(() => {
    library.value = addDocuments(library.peek(), found);
    more.value = found.length === PAGE_SIZE;
  });
}

/** Takes the answer to a request: as true as the feed, and here before it. */
export function learn(document: Document): void {
  library.value = addDocuments(library.peek(), [document]);
}

export function forget(id: string): void {
  library.value = withoutDocument(library.peek(), id);
}
