import { signal } from '@preact/signals';
import { Problem } from '../api/call.js';
import type { Route } from '../route/route.js';

export interface Toast {
  readonly id: number;
  readonly kind: 'done' | 'problem';
  readonly text: string;
  /** What can be done about it. */
  readonly advice?: string;
  readonly link?: { readonly label: string; readonly to: Partial<Route> };
}

export const toasts = signal<readonly Toast[]>([]);

const MOST = 4;
let last = 0;

/** Tells something in the corner of the page; problems stay until they are dismissed. */
export function toast(text: string, more: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  last += 1;
  toasts.value = [...toasts.value, { id: last, kind: 'done' as const, text, ...more }].slice(-MOST);
}

/** Tells what went wrong, and what to do about it. */
export function toastProblem(what: string, error: unknown): void {
  const { message, advice } = error instanceof Problem ? error : { message: String(error), advice: '' };
  toast(`${what} ${message}`, { kind: 'problem', ...(advice === '' ? {} : { advice }) });
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
