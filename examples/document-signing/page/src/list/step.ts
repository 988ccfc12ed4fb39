/** Moves the focus along the list, by so many documents. */
export function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('.row-link')];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = at === -1 && by === -1 ? links.length - 1 : at + by;
  links[Math.max(0, Math.min(next, links.length - 1))]?.focus();
}
