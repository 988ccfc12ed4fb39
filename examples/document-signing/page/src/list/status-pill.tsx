import type { Status } from '../api/documents.js';

interface Props {
  readonly status: Status;
  /** Asked for, and not yet done. */
  readonly busy?: boolean;
}

/** A status by a word, and by colour for those who see it. */
export function StatusPill({ status, busy = false }: Props) {
  return (
    <span class={`status ${status}${busy ? ' busy' : ''}`} data-testid="status">
      {status}
      {busy && <span class="visually-hidden">, being changed</span>}
    </span>
  );
}
