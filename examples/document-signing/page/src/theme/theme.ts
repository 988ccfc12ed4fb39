import { effect, signal } from '@preact/signals';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'theme';
const isTheme = (value: string | null): value is Theme => (THEMES as readonly (string | null)[]).includes(value);
const stored = localStorage.getItem(KEY);

/** What was chosen; `system` follows the machine. */
export const theme = signal<Theme>(isTheme(stored) ? stored : 'system');

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  localStorage.setItem(KEY, theme.value);
});
