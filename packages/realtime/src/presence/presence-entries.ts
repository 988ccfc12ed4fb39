import type { IncomingMessage } from 'node:http';
import { ComponentError } from '@sluice/contracts';
import type { Admitted } from '../handshake/admit.js';
import type { Identity } from '../identity/identity.js';
import type { PresenceEntry } from './roster.js';

/**
 * How a client takes part in the presence of a channel: `null` not at all; otherwise its subject is a member, shown with `info`, and
 * with `watch` it is told who is there, comes and goes.
 */
export type PresenceHook = (
  identity: Identity,
  channel: string,
  request: IncomingMessage,
  url: URL,
) => { readonly info?: unknown; readonly watch?: boolean } | null;

/** What the hook says of each channel of a client. Throws `REALTIME_PRESENCE_INFO` when a member is too large, or has no JSON form. */
export function presenceEntries(
  hook: PresenceHook | undefined,
  { identity, channels, request, url }: Admitted,
  maxInfoBytes: number,
): ReadonlyMap<string, PresenceEntry> {
  const entries = new Map<string, PresenceEntry>();
  if (hook === undefined || identity === null) return entries;
  for (const channel of channels) {
    const part = hook(identity, channel, request, url);
    if (part === null) continue;
    const { id, info } = bounded(identity.subject, part.info ?? null, maxInfoBytes);
    entries.set(channel, { id, info, watch: part.watch === true });
  }
  return entries;
}

/** A copy that owns what it shows. */
function bounded(id: string, info: unknown, maxInfoBytes: number): { id: string; info: unknown } {
  let text: string;
  try {
    text = JSON.stringify({ id, info });
  } catch (cause) {
    throw new ComponentError('REALTIME_PRESENCE_INFO', 'the info of a member has no JSON form', { cause });
  }
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxInfoBytes) return JSON.parse(text);
  throw new ComponentError('REALTIME_PRESENCE_INFO', `a member has ${bytes} bytes, more than ${maxInfoBytes}`, {
    details: { bytes, maxInfoBytes },
  });
}
