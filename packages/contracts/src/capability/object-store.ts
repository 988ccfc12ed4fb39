/** What an object store can do. */
export interface ObjectStoreFeatures {
  /** Whether it makes addresses that a browser may use by itself; then `presign` is there. */
  readonly presigned: boolean;
  /** The largest object that it takes, in bytes. */
  readonly maxBytes: number;
}

/** An object as a listing shows it. */
export interface ObjectEntry {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** Names the content: differs when the bytes do. */
  readonly etag: string;
  readonly modified: Date;
}

/** All that is known of an object besides its bytes. */
export interface ObjectInfo extends ObjectEntry {
  readonly contentType: string;
}

/** An object, or a part of one, that is being read. */
export interface ObjectReading extends ObjectInfo {
  /**
   * The bytes, read as they are asked for; can be read once. Whoever stops early gives back what it holds, and one who never
   * begins holds nothing.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** How to store an object. */
export interface PutObjectOptions {
  /** Default: `application/octet-stream`. */
  readonly contentType?: string;
  /** Only when there is no object of this key: of many that put at once one succeeds, the others reject with `OBJECT_EXISTS`. */
  readonly ifAbsent?: boolean;
  /** Rejects with `OBJECT_TOO_LARGE` above this many bytes. Default: what the store takes at most. */
  readonly maxBytes?: number;
}

/** Which bytes to read: from `from` up to, and without, `to`, as `slice` counts. */
export interface ObjectRange {
  readonly from: number;
  /** Default, and at most: the size. */
  readonly to?: number;
}

/** Which objects to list. */
export interface ListObjectsOptions {
  /** Only keys after this one. */
  readonly after?: string;
  /** At most this many. Default: 1,000; never more than that. */
  readonly limit?: number;
}

/** What an address permits. */
export interface PresignOptions {
  readonly method: 'GET' | 'PUT';
  /** For how long, in milliseconds. */
  readonly expiresInMs: number;
}

/**
 * Keeps objects: bytes under a key.
 *
 * - `put` resolves when the object is durable, and is whole or nothing: whoever reads meanwhile gets the former object or the
 *   new one. When it rejects (too large, `ifAbsent`, the given stream threw), the former one is still there.
 * - What was put, deleted or listed is seen at once by every later call, also of other processes.
 * - A reading goes on with the object that it began with, or rejects, when the object is replaced meanwhile: never with bytes of both.
 * - Every call with a key that `refuseBadObjectKey` refuses rejects with `OBJECT_KEY_INVALID`.
 */
export interface ObjectStore extends AsyncDisposable {
  readonly name: string;
  readonly features: ObjectStoreFeatures;
  /** A stream is read as fast as the store takes it. Throws `OBJECT_EXISTS`, `OBJECT_TOO_LARGE`. */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutObjectOptions): Promise<ObjectInfo>;
  /** Undefined when there is none. `size` is the whole object's. Throws `OBJECT_RANGE_INVALID` for a range without a byte. */
  get(key: string, options?: { readonly range?: ObjectRange }): Promise<ObjectReading | undefined>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Nothing, when there is none. */
  delete(key: string): Promise<void>;
  /** Objects whose key begins with `prefix`, letter by letter, in the order of the keys' bytes in UTF-8. */
  list(prefix: string, options?: ListObjectsOptions): Promise<readonly ObjectEntry[]>;
  /** An address that permits this, for a while, to whoever has it. */
  presign?(key: string, options: PresignOptions): Promise<string>;
}
