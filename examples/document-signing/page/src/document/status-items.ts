import { TRANSITIONS } from '../../../src/document/status.js';
import type { Document, Status } from '../api/documents.js';
import type { IconName } from '../icon/icon.js';
import { change } from '../library/actions.js';
import type { MenuItem } from './more-menu.js';

const WORDS: Readonly<Partial<Record<Status, readonly [label: string, icon: IconName]>>> = {
  sent: ['Mark as sent', 'send'],
  viewed: ['Mark as viewed', 'eye'],
  completed: ['Complete', 'check'],
  cancelled: ['Cancel the document', 'ban'],
  archived: ['Archive', 'archive'],
};

/** What can become of the document next. Signing is not among it: that needs a signature. */
export function statusItems(document: Document): MenuItem[] {
  return TRANSITIONS[document.status].flatMap((status) => {
    const [label, icon] = WORDS[status] ?? [];
    return label && icon ? [{ label, icon, act: () => void change(document, { status }) }] : [];
  });
}

/** Whether a signature is welcome: what is over takes none. */
export const canBeSigned = ({ status }: Document): boolean => !['cancelled', 'archived', 'completed'].includes(status);
