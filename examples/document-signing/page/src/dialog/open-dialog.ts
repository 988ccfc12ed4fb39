import { signal } from '@preact/signals';

/** The dialogs that can be opened from anywhere on the page; one at a time. */
export type OpenDialog = 'create' | 'profile' | 'shortcuts' | undefined;

export const openDialog = signal<OpenDialog>(undefined);

export const closeDialog = (): void => {
  openDialog.value = undefined;
};
