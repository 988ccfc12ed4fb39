import type { ComponentChildren, JSX } from 'preact';
import { address, go, type Route } from './route.js';

interface Props extends Omit<JSX.HTMLAttributes<HTMLAnchorElement>, 'href' | 'onClick'> {
  readonly to: Partial<Route>;
  readonly children: ComponentChildren;
}

/** A link within the page; a click that asks for another window or tab is left to the browser. */
export function Link({ to, children, ...rest }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a {...rest} href={address(to)} onClick={follow}>
      {children}
    </a>
  );
}
