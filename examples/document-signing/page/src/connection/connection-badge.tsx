import type { ConnectionState } from '@sluice/realtime/browser';
import { useEffect, useState } from 'preact/hooks';
import { useNow } from '../time/relative-time.js';

interface Props {
  readonly connection: ConnectionState;
  readonly tryNow: () => void;
}

/** Says honestly whether what is on the page is live. The countdown is for the eye only: it is not read out each second. */
export function ConnectionBadge({ connection, tryNow }: Props) {
  const online = useOnline();
  const kind = connection.status === 'open' ? 'live' : online ? 'away' : 'offline';
  const lost = connection.status !== 'open' && (connection.status !== 'connecting' || connection.attempt > 1);
  return (
    <div class={`connection ${kind}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status" data-testid="connection">
        {kind === 'live' ? 'Live' : kind === 'offline' ? 'Offline' : lost ? 'Reconnecting' : 'Connecting…'}
      </span>
      {connection.status === 'waiting' && online && <Countdown until={connection.retryAt} />}
      {connection.status === 'waiting' && (
        <button type="button" class="plain" onClick={tryNow}>
          Try now
        </button>
      )}
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

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  return online;
}
