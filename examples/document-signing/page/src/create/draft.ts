import { signal } from '@preact/signals';

/** What was typed of a new document and not created yet: closing the dialog loses nothing. */
export interface Draft {
  readonly title: string;
  readonly content: string;
  readonly file: File | undefined;
}

const EMPTY: Draft = { title: '', content: '', file: undefined };

export const draft = signal<Draft>(EMPTY);

export function changeDraft(changes: Partial<Draft>): void {
  draft.value = { ...draft.peek(), ...changes };
}

export function clearDraft(): void {
  draft.value = EMPTY;
}
