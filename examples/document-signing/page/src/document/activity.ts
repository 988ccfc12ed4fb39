import type { Signature } from '../api/document.js';
import type { LiveEvent } from '../live/event.js';

/** Both histories as one, each event once, in the order that all of them have. */
export function mergeActivity(known: readonly LiveEvent[], more: readonly LiveEvent[]): readonly LiveEvent[] {
  const all = new Map(known.map((event) => [nameOf(event), event]));
  for (const event of more) all.set(nameOf(event), event);
  return [...all.values()].sort(
    (a, b) => (a.offset ?? Number.MAX_SAFE_INTEGER) - (b.offset ?? Number.MAX_SAFE_INTEGER),
  );
}

const nameOf = ({ offset, type, timestamp }: LiveEvent) => offset ?? `${type} ${timestamp}`;

/** The signature that an event tells of. */
export function signatureOf({ type, data }: LiveEvent): Signature | undefined {
  const { signature_id, document_id, signer_name, signer_email, signed_at } = data;
  if (type !== 'signature.added' || !signature_id || !document_id || !signer_name || !signer_email || !signed_at)
    return undefined;
  return { id: signature_id, document_id, signer_name, signer_email, signed_at };
}
