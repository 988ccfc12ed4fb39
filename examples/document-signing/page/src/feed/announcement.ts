import type { Push } from '../../../src/changes/push.js';

/** A push in words, for those who hear the page. */
export function announcement(push: Push): string {
  switch (push.type) {
    case 'document.created':
      return `${push.data.title} was created`;
    case 'document.updated':
      return `${push.data.title} was changed`;
    case 'document.deleted':
      return 'A document was deleted';
    default:
      return `${push.data.title} is now ${push.data.new_status}`;
  }
}

/** Whether a message of the feed is a push of a document. */
export function isPush(message: unknown): message is Push {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  return typeof message.type === 'string' && message.type.startsWith('document.');
}
