import { effect, signal } from '@preact/signals';

const KEY = 'shortcuts';

/** Whether single keys do something: who dictates, or types by accident, can switch it off (WCAG 2.1.4). */
export const shortcutsOn = signal(localStorage.getItem(KEY) !== 'off');

effect(() => localStorage.setItem(KEY, shortcutsOn.value ? 'on' : 'off'));

/**
 * Calls what belongs to a key, unless somebody types, a modifier is held, or a dialog is open. Returns how to stop.
 */
export function onKeys(keys: Readonly<Record<string, (event: KeyboardEvent) => void>>): () => void {
  const listener = (event: KeyboardEvent) => {
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (act === undefined || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') || isTyping(event.target)) return;
    if (event.key.length === 1 && !shortcutsOn.peek()) return;
    event.preventDefault();
    act(event);
  };
  addEventListener('keydown', listener);
  return () => removeEventListener('keydown', listener);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], [role=menu]') !== null
  );
}
