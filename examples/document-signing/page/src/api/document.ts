export type { Document } from '../../../src/document/document.js';
export type { Status } from '../../../src/document/status.js';

/** A signature as the page needs it; the time is ISO 8601 in UTC. */
export interface Signature {
  readonly id: string;
  readonly document_id: string;
  readonly signer_email: string;
  readonly signer_name: string;
  readonly signed_at: string;
}
