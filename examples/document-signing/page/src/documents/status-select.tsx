import { type Status, TRANSITIONS } from '../../../src/document/status.js';

interface Props {
  readonly status: Status;
  readonly title: string;
  readonly change: (to: Status) => Promise<boolean>;
}

/** The status, and those that may follow it. What is shown is what the stream says: a choice is shown once it has come true. */
export function StatusSelect({ status, title, change }: Props) {
  const next = TRANSITIONS[status];
  if (next.length === 0) {
    return (
      <span class={`status ${status}`} data-testid="status">
        {status}
      </span>
    );
  }
  const choose = (select: HTMLSelectElement) => {
    const to = select.value as Status;
    select.value = status;
    void change(to);
  };
  return (
    <select
      class={`status ${status}`}
      aria-label={`Status of ${title}`}
      value={status}
      data-testid="status"
      onChange={(event) => choose(event.currentTarget)}
    >
      <option value={status}>{status}</option>
      {next.map((to) => (
        <option key={to} value={to}>
          {to}
        </option>
      ))}
    </select>
  );
}
