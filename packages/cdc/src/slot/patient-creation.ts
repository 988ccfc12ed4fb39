import type pg from 'pg';
import { withConnection } from '../connection/connect.js';
import type { Connection } from '../connection/settings.js';
import { type CreatedSlot, createSlot, openTransactions } from './slot.js';

const SILENCE_MS = 1000;

/** Creates a slot, and says whom it waits for when that takes longer than a second. */
export async function createSlotPatiently(
  client: pg.Client,
  connection: Connection,
  name: string,
  options: Parameters<typeof createSlot>[2] & { readonly notice: (message: string) => void },
): Promise<CreatedSlot> {
  const timer = setTimeout(() => {
    withConnection(connection, openTransactions).then(
      (pids) =>
        options.notice(
          `creating slot ${name} waits for ${pids.length} open transactions to end (pids ${pids.join(', ')})`,
        ),
      () => options.notice(`creating slot ${name} waits for open transactions to end`),
    );
  }, SILENCE_MS);
  try {
    return await createSlot(client, name, options);
  } finally {
    clearTimeout(timer);
  }
}
