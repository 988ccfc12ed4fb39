import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from '../icon/icon.js';

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly act: () => void;
  readonly danger?: boolean;
}

/** A menu behind a button, by the pattern of WAI-ARIA: arrows, Home and End move, Escape and Tab close. */
export function MoreMenu({ items }: { readonly items: readonly MenuItem[] }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const entries = () => [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  const close = (refocus = true) => {
    setOpen(false);
    if (refocus) box.current?.querySelector('button')?.focus();
  };

  // Before the next key can come.
  useLayoutEffect(() => {
    if (!open) return;
    entries()[0]?.focus();
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', outside);
    return () => removeEventListener('pointerdown', outside);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const moves: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const to = moves[event.key];
    if (event.key === 'Tab') close(false);
    else if (event.key === 'Escape') close();
    if (to !== undefined) all.at(to % all.length)?.focus();
    if (to !== undefined || event.key === 'Escape') event.preventDefault();
  };

  return (
    <div class="menu" ref={box}>
      <button
        type="button"
        class="icon-button bordered"
        aria-label="More actions"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      <div id={id} class="menu-items" hidden={!open} {...(open ? { role: 'menu' as const, onKeyDown } : {})}>
        {open &&
          items.map(({ label, icon, act, danger }) => (
            <button
              key={label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={danger ? 'danger' : ''}
              onClick={() => {
                close();
                act();
              }}
            >
              <Icon name={icon} />
              {label}
            </button>
          ))}
      </div>
    </div>
  );
}
