import type { ChannelHistory } from '@sluice/realtime';
import type { ActivityTable } from './activity-table.js';
import { documentOf } from './channels.js';

/** The history of every channel: the list's is all of the table, a document's is its own events. Offsets are the same in both. */
export function activityHistory(table: ActivityTable): ChannelHistory {
  return {
    epoch: () => table.epoch(),
    read: (channel, after, limit) => table.after(after, limit, documentOf(channel)),
    head: (channel) => table.head(documentOf(channel)),
  };
}
