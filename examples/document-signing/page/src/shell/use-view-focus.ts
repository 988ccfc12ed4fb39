import { useEffect, useRef } from 'preact/hooks';
import { library } from '../library/store.js';
import { route } from '../route/route.js';

/**
 * Moves the focus back to the row that one came from when the list comes again, and to the top when another view comes. Names the window
 * after what it shows.
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
    if (left === open) return;
    scrollTo(0, 0);
    if (open === '' && !document.activeElement?.matches('[type=search]'))
      document.getElementById(`row-${left}`)?.focus();
  }, [open]);
}
