import { effect } from '@preact/signals';
import { connectFeed } from '../live/connect.js';
import { feedClosed, feedOpened, feedState } from '../live/connection.js';
import { isLiveEvent } from '../live/event.js';
import { profile } from '../profile/profile.js';
import { toast } from '../toast/toasts.js';
import { reload, takeEvent } from './store.js';

const FEED = 'documents';
/** A break that is shorter is not worth a word. */
const NOTICED_MS = 2_000;

/** Follows the list's feed for as long as the page is open; another person gets a connection of their own. */
export function followLibrary(): void {
  effect(() => {
    // Read here, so that this runs again when it changes.
    profile.value;
    let lostAt: number | undefined;
    const client = connectFeed({
      path: '/ws?channel=documents',
      onMessage: (message) => {
        if (isLiveEvent(message)) takeEvent(message);
      },
      onSkipped: () => void reload(),
      onState: (state) => {
        feedState(FEED, state);
        if (state.status === 'waiting') lostAt ??= Date.now();
        if (state.status !== 'open') return;
        if (!state.recovered) void reload();
        if (lostAt !== undefined && state.reconnected && Date.now() - lostAt > NOTICED_MS) {
          toast(
            state.recovered ? 'Connected again. Nothing was missed.' : 'Connected again. Everything was loaded anew.',
          );
        }
        lostAt = undefined;
      },
    });
    feedOpened(FEED, client);
    return () => feedClosed(FEED);
  });
}
