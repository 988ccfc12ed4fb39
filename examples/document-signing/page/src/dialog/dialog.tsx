import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../icon/icon.js';

interface Props {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  /** Default: narrow. */
  readonly wide?: boolean;
  /** Whether a press beside it closes it; not where that would lose what was typed. Default: yes. */
  readonly light?: boolean;
}

/** A modal dialog by the browser's own: the focus stays in it, Escape closes it, and afterwards the focus is where it was. */
export function Dialog({ title, close, children, wide = false, light = true }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-focus]')?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    <dialog
      ref={dialog}
      class={wide ? 'wide' : ''}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => light && event.target === dialog.current && close()}
    >
      <div class="dialog-inner">
        <header class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
