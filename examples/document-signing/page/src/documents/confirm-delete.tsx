import { useLayoutEffect, useRef } from 'preact/hooks';

interface Props {
  readonly remove: () => void;
  readonly keep: () => void;
}

/** Asks once more, with the answer under the finger; Escape keeps. */
export function ConfirmDelete({ remove, keep }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => button.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') keep();
  };
  return (
    <div class="actions">
      <span>Delete it?</span>
      <button type="button" class="danger" ref={button} onClick={remove} onKeyDown={onKeyDown}>
        Delete
      </button>
      <button type="button" class="plain" onClick={keep} onKeyDown={onKeyDown}>
        Keep
      </button>
    </div>
  );
}
