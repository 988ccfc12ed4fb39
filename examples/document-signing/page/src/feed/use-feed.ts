import { type ConnectionState, connectRealtime, type RealtimeClient } from '@sluice/realtime/browser';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { FeedDocument } from '../../../src/changes/feed.js';
import type { Push } from '../../../src/changes/push.js';
import { loadDocuments } from '../api/documents-api.js';
import { announcement, isPush } from './announcement.js';
import { applyPush, EMPTY_FEED, FEED_LIMIT, type Feed, loadFeed } from './feed.js';

export interface LiveFeed {
  readonly documents: readonly FeedDocument[];
  readonly changes: ReadonlyMap<string, number>;
  /** Whether the list was ever loaded. */
  readonly loaded: boolean;
  /** Whether there are more documents than the page shows. */
  readonly truncated: boolean;
  readonly connection: ConnectionState;
  readonly announcement: string;
  /** Why the list could not be loaded. */
  readonly problem: string | undefined;
  tryNow(): void;
}

const RETRY_LOADING_MS = 2_000;

/**
 * Keeps the list as the change stream has it: subscribe first, then load, then apply what was pushed in the meantime. So nothing falls
 * between the two; and each time the connection is back the list is loaded again.
 */
export function useFeed(): LiveFeed {
  const [feed, setFeed] = useState<Feed>(EMPTY_FEED);
  const [connection, setConnection] = useState<ConnectionState>({ status: 'connecting', attempt: 1 });
  const [loaded, setLoaded] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [spoken, setSpoken] = useState('');
  const client = useRef<RealtimeClient>();

  useEffect(() => {
    let since: Push[] = [];
    let loading: AbortController | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;

    const load = async () => {
      loading?.abort();
      clearTimeout(retry);
      const mine = new AbortController();
      loading = mine;
      try {
        const documents = await loadDocuments(mine.signal);
        if (mine.signal.aborted) return;
        const pushed = since;
        setFeed((old) => loadFeed(old, documents, pushed));
        setLoaded(true);
        setProblem(undefined);
        loading = undefined;
      } catch (error) {
        if (mine.signal.aborted) return;
        setProblem(`The list could not be loaded (${(error as Error).message}). Trying again…`);
        retry = setTimeout(() => void load(), RETRY_LOADING_MS);
      }
    };

    client.current = connectRealtime({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws?channel=documents`,
      backoff: { minMs: 500, maxMs: 10_000 },
      onMessage: (message) => {
        if (!isPush(message)) return;
        if (loading) since.push(message);
        setFeed((old) => applyPush(old, message));
        setSpoken(announcement(message));
      },
      onState: (state) => {
        setConnection(state);
        if (state.status !== 'open') return;
        since = [];
        void load();
      },
    });
    return () => {
      client.current?.close();
      loading?.abort();
      clearTimeout(retry);
    };
  }, []);

  const tryNow = useCallback(() => client.current?.wake(), []);
  const { documents, changes } = feed;
  const truncated = documents.length >= FEED_LIMIT;
  return { documents, changes, loaded, truncated, connection, announcement: spoken, problem, tryNow };
}
