import { signal } from '@preact/signals';
import { type ConnectionState, connectRealtime, type RealtimeClient } from '@sluice/realtime/browser';
import { Problem } from '../api/call.js';
import { tokenFor } from '../api/token.js';
import { profile } from '../profile/profile.js';

/** Why there is no token, when there is none. */
export const tokenProblem = signal('');

interface FeedOptions {
  /** Path and query of the feed. */
  readonly path: string;
  readonly onMessage: (message: unknown) => void;
  readonly onState: (state: ConnectionState) => void;
  /** Something was left out, because the page was too slow to read it: load anew. */
  readonly onSkipped: () => void;
}

/**
 * A feed of this server, in the name of the person who uses the page; the token travels apart from the address, so it stays out of logs.
 * The client recovers what it missed by its offset; `open` with `recovered: false` asks the page to load anew.
 */
export function connectFeed({ path, onMessage, onState, onSkipped }: FeedOptions): RealtimeClient {
  return connectRealtime({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`,
    token,
    backoff: { minMs: 500, maxMs: 10_000 },
    onMessage,
    onState,
    onSkipped,
  });
}

async function token(): Promise<string> {
  try {
    const given = await tokenFor(profile.peek());
    tokenProblem.value = '';
    return given;
  } catch (error) {
    tokenProblem.value = error instanceof Problem ? `${error.message} ${error.advice}` : String(error);
    throw error;
  }
}
