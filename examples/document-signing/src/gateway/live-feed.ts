import type { Hub, UpgradableServer } from '@sluice/realtime';
import { documentChannel, LIST_CHANNEL } from '../changes/push.js';
import type { DocumentTable } from '../document/document-table.js';
import { documentPath } from '../document/schemas.js';

/**
 * `WS /ws?channel=documents` is the feed of the list, `WS /ws/{document_id}` that of one document; another channel, and an id that
 * is unknown, is answered 404.
 */
export function attachLiveFeed(server: UpgradableServer, hub: Hub, table: DocumentTable): void {
  hub.attach(server, {
    path: '/ws',
    async channels(_, url) {
      if (url.pathname === '/ws') return url.searchParams.get('channel') === LIST_CHANNEL ? [LIST_CHANNEL] : null;
      const path = documentPath.safeParse({ document_id: url.pathname.slice('/ws/'.length) });
      if (!path.success || (await table.find(path.data.document_id)) === undefined) return null;
      return [documentChannel(path.data.document_id)];
    },
    welcome: ([channel = '']) => {
      const one = channel === LIST_CHANNEL ? {} : { document_id: channel.slice(documentChannel('').length) };
      return { type: 'connection.established', data: { ...one, message: 'Connected' } };
    },
  });
}
