import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { activityOf } from '../api/activity.js';
import { Problem } from '../api/call.js';
import { type Document, type DocumentStats, documentStats, viewDocument } from '../api/documents.js';
import { type Signature, signaturesOf } from '../api/signatures.js';
import { addDocuments, applyEvent, EMPTY_LIBRARY, withoutDocument } from '../library/library.js';
import { learn, library } from '../library/store.js';
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
  const retries = new Set<ReturnType<typeof setTimeout>>();

  const fail = (error: unknown, again: () => Promise<void>) => {
    if (closed.signal.aborted) return;
    problem.value = error instanceof Problem ? error : new Problem(0, String(error), '');
    if (isMissing(problem.value)) {
      if (own.peek().documents.has(id)) own.value = withoutDocument(own.peek(), id);
      leave();
    } else retries.add(setTimeout(() => void again(), RETRY_MS));
  };
  /** The one request that counts as a view. */
  const view = async (): Promise<void> => {
    try {
      const found = await viewDocument(id, closed.signal);
      batch(() => {
        own.value = addDocuments(own.peek(), [found]);
        learn(found);
        problem.value = undefined;
      });
      await loadStats();
    } catch (error) {
      fail(error, view);
    }
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
  /** Called once the feed is open, so that nothing falls between the two. */
  const loadHistory = async (): Promise<void> => {
    told ??= [];
    try {
      const [history, signed] = await Promise.all([activityOf(id, closed.signal), signaturesOf(id, closed.signal)]);
      const since = told ?? [];
      told = undefined;
      batch(() => {
        signatures.value = signed;
        activity.value = history;
        problem.value = undefined;
        for (const event of [...history, ...since]) take(event);
      });
    } catch (error) {
      fail(error, loadHistory);
    }
  };
  const take = (event: LiveEvent) => {
    own.value = applyEvent(own.peek(), event);
    const signature = signatureOf(event);
    if (signature) addSignature(signature);
    if (activity.peek()) activity.value = mergeActivity(activity.peek() ?? [], [event]);
  };

  const leave = () => {
    stopFollowing();
    clearInterval(timer);
  };
  void view();
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
      onSkipped: () => void loadHistory(),
      onState: (state) => {
        feedState(feed, state);
        if (state.status !== 'open') {
          members.value = [];
          return;
        }
        if (!state.recovered) void loadHistory();
      },
    });
    feedOpened(feed, client);
    return () => feedClosed(feed);
  });
  const timer = setInterval(
    () => globalThis.document.visibilityState === 'visible' && void loadStats(),
    STATS_EVERY_MS,
  );
  // What is not there has no feed: the page is as live as it can be.
  const stopWatching = effect(() => {
    if (gone.value) leave();
  });

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
      stopWatching();
      leave();
      for (const retry of retries) clearTimeout(retry);
      closed.abort();
    },
  };
}

/** Whether there is no such document: its id is of none, or is no id at all. */
export const isMissing = ({ status }: Problem): boolean => status === 404 || status === 422;

const newer = (a: Document | undefined, b: Document | undefined) =>
  a && b ? (a.version >= b.version ? a : b) : (a ?? b);
