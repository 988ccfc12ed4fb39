import { signal } from '@preact/signals';
import { relativeTime } from './relative-time.js';

const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 10_000);

/** How long ago something was; the exact time stands in the tooltip. */
export function Ago({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {relativeTime(at, Math.max(now.value, Date.parse(at)))}
    </time>
  );
}
