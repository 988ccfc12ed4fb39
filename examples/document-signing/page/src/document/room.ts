import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { activityOf } from '../api/activity.js';
import { Problem } from '../api/call.js';
import { type Document, type DocumentStats, documentStats, viewDocument } from '../api/documents.js';
import { type Signature, signaturesOf } from '../api/signatures.js';
import { addDocuments, applyEvent, EMPTY_LIBRARY } from '../library/library.js';
import { forget, learn, library } from '../library/store.js';
import { connectFeed } from '../live/connect.js';
import { feedClosed, feedOpened, feedState } from '../live/connection.js';
import { isLiveEvent, type LiveEvent } from '../live/event.js';
import { profile } from '../profile/profile.js';
import { mergeActivity, signatureOf } from './activity.js';
import { type Member, membersOf } from './presence.js';

/** Everything that is followed of the document that is open. */
export interface Room {
  /** As new as the page knows it; `undefined` until it was loaded. */
  readonly document: ReadonlySignal<Document | undefined>;
  /** Whether it was deleted. */
  readonly gone: ReadonlySignal<boolean>;
  /** Oldest first; `undefined` until it was loaded. */
  readonly activity: Signal<readonly LiveEvent[] | undefined>;
  /** Oldest first. */
  readonly signatures: Signal<readonly Signature[]>;
  /** Who else looks at it now, and this person. */
  readonly members: Signal<readonly Member[]>;
  readonly stats: Signal<DocumentStats | undefined>;
  /** Why it cannot be shown. */
  readonly problem: Signal<Problem | undefined>;
  /** Takes a signature that was just made, before its event comes. */
  signed(signature: Signature): void;
  close(): void;
}

const STATS_EVERY_MS = 10_000;
const RETRY_MS = 2_000;
const COUNTED_MS = 500;

/** Opens a document: one view is counted, its feed is followed, its history loaded. */
export function openRoom(id: string): Room {
  const activity = signal<readonly LiveEvent[] | undefined>(undefined);
  const signatures = signal<readonly Signature[]>([]);
  const members = signal<readonly Member[]>([]);
  const stats = signal<DocumentStats | undefined>(undefined);
  const problem = signal<Problem | undefined>(undefined);
  const closed = new AbortController();
  const feed = `document:${id}`;
  // The list may not reach back to this document, so the room keeps it too.
  const own = signal(EMPTY_LIBRARY);
  const document = computed(() => newer(own.value.documents.get(id), library.value.documents.get(id)));
  const gone = computed(() => own.value.deleted.has(id) || library.value.deleted.has(id));
  // What came while the history was loading.
  let told: LiveEvent[] | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const view = async () => {
    const found = await viewDocument(id, closed.signal);
    own.value = addDocuments(own.peek(), [found]);
    learn(found);
    await loadStats();
  };
  const loadStats = async () => {
    if (closed.signal.aborted) return;
    try {
      stats.value = await documentStats(id, closed.signal);
    } catch {
      // The numbers of before stay; they are asked for again soon.
    }
  };
  const addSignature = (signature: Signature) => {
    if (signatures.peek().some((known) => known.id === signature.id)) return;
    signatures.value = [...signatures.peek(), signature];
  };
  const load = async () => {
    clearTimeout(retry);
    told ??= [];
    try {
      const [history, signed] = await Promise.all([
        activityOf(id, closed.signal),
        signaturesOf(id, closed.signal),
        view(),
      ]);
      const since = told ?? [];
      told = undefined;
      batch(() => {
        activity.value = history;
        signatures.value = signed;
        for (const event of since) take(event);
        problem.value = undefined;
      });
    } catch (error) {
      if (closed.signal.aborted) return;
      problem.value = error instanceof Problem ? error : new Problem(0, String(error), '');
      if (problem.value.status === 404) forget(id);
      else retry = setTimeout(() => void load(), RETRY_MS);
    }
  };
  const take = (event: LiveEvent) => {
    own.value = applyEvent(own.peek(), event);
    const signature = signatureOf(event);
    if (signature) addSignature(signature);
    if (activity.peek()) activity.value = mergeActivity(activity.peek() ?? [], [event]);
  };

  const stopFollowing = effect(() => {
    // Another person gets a connection of their own.
    profile.value;
    const client = connectFeed({
      path: `/ws/${id}?presence=1`,
      onMessage: (message) => {
        if (!isLiveEvent(message)) return;
        told?.push(message);
        take(message);
      },
      onPresence: (present) => {
        members.value = membersOf(present);
        // Who joined is about to be counted as a view.
        setTimeout(() => void loadStats(), COUNTED_MS);
      },
      onSkipped: () => void load(),
      onState: (state) => {
        feedState(feed, state);
        if (state.status !== 'open') {
          members.value = [];
          return;
        }
        if (!state.recovered) void load();
      },
    });
    feedOpened(feed, client);
    return () => feedClosed(feed);
  });
  const timer = setInterval(
    () => globalThis.document.visibilityState === 'visible' && void loadStats(),
    STATS_EVERY_MS,
  );

  return {
    document,
    gone,
    activity,
    signatures,
    members,
    stats,
    problem,
    signed: addSignature,
    close: () => {
      stopFollowing();
      clearInterval(timer);
      clearTimeout(retry);
      closed.abort();
    },
  };
}

const newer = (a: Document | undefined, b: Document | undefined) =>
  a && b ? (a.version >= b.version ? a : b) : (a ?? b);
