import { ComponentError } from '@sluice/contracts';
import type pg from 'pg';
import { backoffMs, type ReconnectOptions } from '../replication/backoff.js';
import { pause } from '../replication/pause.js';
import { findSlot } from './slot.js';

/** A slot that can be read. */
export interface FinishedSlot {
  /** Log position up to which its reader has confirmed. */
  readonly confirmed: number;
  /** The server process through which somebody reads it now. */
  readonly reader?: number;
}

/** For how long to wait, and whom to tell. */
export interface Patience {
  readonly reconnect: Required<ReconnectOptions>;
  readonly signal: AbortSignal;
  readonly notice: (message: string) => void;
}

/**
 * Looks a slot up, and waits while another connection is still creating it: that of a reader which died meanwhile, for the
 * server does not notice. A snapshot that is taken before such a slot is finished would leave a gap up to where it begins.
 *
 * @throws ComponentError `CDC_SLOT_ACTIVE` when that takes longer than `giveUpAfterMs`, and what {@link findSlot} throws
 */
export async function finishedSlot(
  client: pg.Client,
  name: string,
  { reconnect, signal, notice }: Patience,
): Promise<FinishedSlot | undefined> {
  const since = performance.now();
  for (let attempt = 0; ; attempt++) {
    const slot = await findSlot(client, name);
    if (slot?.confirmed !== undefined) return { ...slot, confirmed: slot.confirmed };
    if (slot === undefined) return undefined;
    if (attempt === 0) notice(`slot ${name} is being created by another connection; waiting for it`);
    if (signal.aborted || performance.now() - since > reconnect.giveUpAfterMs) throw unfinished(name);
    await pause(backoffMs(attempt, reconnect), signal);
  }
}

function unfinished(slot: string): ComponentError {
  return new ComponentError('CDC_SLOT_ACTIVE', `slot ${slot} is still being created by another connection`, {
    details: { slot },
  });
}
