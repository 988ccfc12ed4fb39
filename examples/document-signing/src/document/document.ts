import type { Status } from './status.js';

/** A document as clients see it; times are ISO 8601 in UTC. */
export interface Document {
  /** UUID version 7. */
  readonly id: string;
  readonly title: string;
  readonly content_type: string;
  /** Bytes of the content as UTF-8. */
  readonly content_size: number;
  /** Where the content lies in the object store. */
  readonly s3_key: string;
  readonly status: Status;
  /** An e-mail address. */
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
  /** 1 at first, one more with each change. */
  readonly version: number;
}
