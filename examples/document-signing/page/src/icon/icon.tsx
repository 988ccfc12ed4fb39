/** Paths on a square of 24, drawn by a line of 1.75. */
const PATHS = {
  archive: 'M4 8v11h16V8M3 4h18v4H3zM10 12h4',
  back: 'M19 12H5M11 6l-6 6 6 6',
  ban: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.7l12.6 12.6',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h5',
  filter: 'M4 6h16M7 12h10M10 18h4',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
  keyboard: 'M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M7 14h10',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01M5 12h1M11.5 12h1M18 12h1',
  pdf: 'M6 3h8l5 5v13H6zM14 3v5h5M9 17v-4h1.5a1.3 1.3 0 0 1 0 2.6H9',
  pen: 'M4 20c4-9 7-11 8-8.5S8 19 10 19s3.5-5 5-5-1 4 .5 4 2-1 4.5-2',
  plus: 'M12 5v14M5 12h14',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5',
  send: 'M20 4L3 11l6 3 3 6zM20 4l-11 10',
  system: 'M3 5h18v12H3zM8 21h8M12 17v4',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
  undo: 'M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-3',
  upload: 'M12 16V5M7 9l5-5 5 5M5 20h14',
  users:
    'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M16 5.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .8 3.200 2.7 3.5 5.5',
  warning: 'M12 4L2.5 20h19zM12 10v4M12 17h.01',
} as const;

export type IconName = keyof typeof PATHS;

/** A small drawing beside words, or in a button that has a name; never read out. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The icon of a kind of content. */
export function iconOf(contentType: string): IconName {
  if (contentType === 'application/pdf') return 'pdf';
  return contentType.startsWith('image/') ? 'image' : 'file';
}
