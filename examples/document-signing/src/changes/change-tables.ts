import { table } from '@sluice/cdc';

/** A row of `documents.documents` as the change stream brings it; times are in the format of Postgres. */
export interface ChangedDocument {
  readonly id: string;
  readonly title: string;
  readonly content_type: string;
  readonly content_size: number;
  readonly s3_key: string;
  readonly status: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly version: number;
}

/** A row of `signatures.signatures`. */
export interface ChangedSignature {
  readonly id: string;
  readonly document_id: string;
  readonly signer_email: string;
  readonly signer_name: string;
  readonly signed_at: string;
  readonly signature_key: string | null;
  readonly ip_address: string | null;
}

/** The tables whose changes are told, each with the type of its rows. */
export const CHANGED_TABLES = [
  table<ChangedDocument>()('documents.documents'),
  table<ChangedSignature>()('signatures.signatures'),
] as const;
