import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../icon/icon.js';
import { Link } from '../route/link.js';
import { dismiss, type Toast, toasts } from './toasts.js';

const SHOWN_MS = 6_000;

/** What was done and what went wrong; read out as it comes. */
export function ToastCorner() {
  return (
    <section class="toasts" aria-label="Notifications" aria-live="polite" aria-relevant="additions">
      {toasts.value.map((toast) => (
        <ToastCard key={toast.id} {...toast} />
      ))}
    </section>
  );
}

function ToastCard({ id, kind, text, advice, link }: Toast) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (kind === 'problem' || held) return;
    const timer = setTimeout(() => dismiss(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, kind, held]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only stays while somebody looks at it
    <div
      class={`toast ${kind}`}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocusIn={() => setHeld(true)}
      onFocusOut={() => setHeld(false)}
    >
      <Icon name={kind === 'problem' ? 'warning' : 'check'} />
      <p>
        {text}
        {advice && <span class="advice"> {advice}</span>}
        {link && (
          <>
            {' '}
            <Link to={link.to}>{link.label}</Link>
          </>
        )}
      </p>
      <button type="button" class="icon-button small" aria-label="Dismiss" onClick={() => dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
