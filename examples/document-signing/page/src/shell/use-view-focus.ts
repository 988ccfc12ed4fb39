import { useEffect, useRef } from 'preact/hooks';
import { library } from '../library/store.js';
import { route } from '../route/route.js';

/**
 * Moves the focus when another view comes, as the loading of a page would: to the heading of a document, and back to its row in the list.
 * Names the window after what it shows.
 */
export function useViewFocus(): void {
  const { document: open } = route.value;
  const before = useRef(open);
  const title = library.value.documents.get(open)?.title;

  useEffect(() => {
    document.title = open && title ? `${title} · Sluice Sign` : 'Documents · Sluice Sign';
  }, [open, title]);

  useEffect(() => {
    const left = before.current;
    before.current = open;
    if (left === open || document.querySelector('dialog[open]') || document.activeElement?.matches('[type=search]'))
      return;
    scrollTo(0, 0);
    if (open === '') document.getElementById(`row-${left}`)?.focus();
    else document.querySelector<HTMLElement>('.document-view a, .document-view h1')?.focus({ preventScroll: true });
  }, [open]);
}
