import { connection, tryNow } from '../live/connection.js';
import { useNow } from '../time/relative-time.js';
import { useOnline } from './use-online.js';

/** Says honestly whether what is on the page is live. The countdown is for the eye only: it is not read out each second. */
export function ConnectionBadge() {
  const online = useOnline();
  const state = connection.value;
  const kind = state.status === 'open' ? 'live' : online ? 'away' : 'offline';
  const lost = state.status !== 'connecting' || state.attempt > 1;
  if (state.status === 'closed') return <Refused />;
  const word = { live: 'Live', offline: 'Offline', away: lost ? 'Reconnecting' : 'Connecting…' }[kind];
  return (
    <div class={`connection ${kind}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status" data-testid="connection">
        {word}
      </span>
      {state.status === 'waiting' && online && <Countdown until={state.retryAt} />}
      {state.status === 'waiting' && (
        <button type="button" class="plain" onClick={tryNow}>
          Try now
        </button>
      )}
    </div>
  );
}

function Refused() {
  return (
    <div class="connection offline">
      <span class="dot" aria-hidden="true" />
      <span role="status" data-testid="connection">
        Refused
      </span>
      <button type="button" class="plain" onClick={() => location.reload()}>
        Load the page again
      </button>
    </div>
  );
}

function Countdown({ until }: { readonly until: number }) {
  const now = useNow(250);
  return (
    <span class="countdown" aria-hidden="true">
      in {Math.max(0, Math.ceil((until - now) / 1_000))} s
    </span>
  );
}
