import type { Document } from './document.js';
import type { Status } from './status.js';

/** What became of a change to one document. */
export type ChangeOutcome =
  | { readonly kind: 'done'; readonly document: Document }
  | { readonly kind: 'unknown' }
  /** `If-Match` named a version that is no longer the current one. */
  | { readonly kind: 'stale'; readonly version: number }
  /** The table of transitions does not allow it. */
  | { readonly kind: 'forbidden'; readonly from: Status; readonly to: Status };
