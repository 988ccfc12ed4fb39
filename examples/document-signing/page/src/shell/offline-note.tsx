import { useEffect, useState } from 'preact/hooks';
import { NO_ANSWER } from '../api/call.js';
import { tokenProblem } from '../live/connect.js';
import { isLive, lastLive } from '../live/connection.js';
import { useOnline } from './use-online.js';

/** A break that is shorter is shown by the badge alone. */
const PATIENCE_MS = 2_000;

/** Says of what time the page is while it is not live. */
export function OfflineNote() {
  const [shown, setShown] = useState(false);
  const live = isLive.value;
  const online = useOnline();
  useEffect(() => {
    if (live) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [live]);
  if (!shown) return null;
  return (
    <div class="offline-note" role="status">
      <p>
        {online ? NO_ANSWER : 'You are offline.'}{' '}
        {lastLive.value > 0 &&
          `What you see is as of ${new Date(lastLive.value).toLocaleTimeString('en', { timeStyle: 'short' })}; what happens meanwhile is caught up by itself.`}{' '}
        {online && tokenProblem.value.replace(NO_ANSWER, '').trim()}
      </p>
    </div>
  );
}
