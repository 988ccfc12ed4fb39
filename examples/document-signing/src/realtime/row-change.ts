/** A change of a row as the change stream brings it; what has another `op` than these is no row's. */
export interface RowChange {
  /** `read`, `insert`, `update`, `delete`; others are passed over. */
  readonly op: string;
  /** `documents.documents` or `signatures.signatures`; others are passed over. */
  readonly table: string | null;
  readonly before: object | null;
  readonly after: object | null;
}

/** A row of `documents.documents`; times are in the format of Postgres. */
export interface DocumentRow {
  readonly id: string;
  readonly title: string;
  readonly content_type: string;
  readonly content_size: number;
  readonly status: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly version: number;
}

/** A row of `signatures.signatures`. */
export interface SignatureRow {
  readonly id: string;
  readonly document_id: string;
  readonly signer_email: string;
  readonly signer_name: string;
  readonly signed_at: string;
}

/** `2026-01-31 12:00:00.5+00` → `2026-01-31T12:00:00.500Z`. */
export function isoTime(text: string): string {
  return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();
}
