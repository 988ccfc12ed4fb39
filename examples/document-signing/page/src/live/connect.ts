import { signal } from '@preact/signals';
import { connectRealtime, type RealtimeClient, type RealtimeOptions } from '@sluice/realtime/browser';
import { Problem } from '../api/call.js';
import { tokenFor } from '../api/token.js';
import { profile } from '../profile/profile.js';

/** Why there is no token, when there is none. */
export const tokenProblem = signal('');

type FeedOptions = Pick<RealtimeOptions, 'onMessage' | 'onState' | 'onSkipped' | 'onPresence'> & {
  /** Path and query of the feed. */
  readonly path: string;
};

/**
 * A feed of this server, in the name of the person who uses the page; the token travels apart from the address, so it stays out of logs.
 * The client recovers what it missed by its offset; `open` with `recovered: false` asks the page to load anew.
 */
export function connectFeed({ path, ...handlers }: FeedOptions): RealtimeClient {
  return connectRealtime({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`,
    token,
    backoff: { minMs: 500, maxMs: 10_000 },
    ...handlers,
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
