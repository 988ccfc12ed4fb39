import { call } from './call.js';
import type { Signature } from './document.js';

export type { Signature };

export interface NewSignature {
  readonly document_id: string;
  readonly signer_email: string;
  readonly signer_name: string;
  /** A data URL of a PNG. */
  readonly signature_data: string;
}

/** Oldest first. */
export const signaturesOf = (id: string, signal?: AbortSignal) =>
  call<Signature[]>('GET', `/documents/${encodeURIComponent(id)}/signatures`, { signal });

export const addSignature = (signature: NewSignature) => call<Signature>('POST', '/signatures', { body: signature });

export const signatureImagePath = (id: string) => `/signatures/${encodeURIComponent(id)}/image`;
