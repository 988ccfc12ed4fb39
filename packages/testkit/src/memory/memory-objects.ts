import { createHash } from 'node:crypto';
import {
  ComponentError,
  type ObjectInfo,
  type ObjectRange,
  type ObjectStore,
  refuseBadObjectKey,
} from '@sluice/contracts';

/** What `memoryObjects` is made with. */
export interface MemoryObjectsOptions {
  /** The largest object, in bytes. Default: 64 MiB. */
  readonly maxBytes?: number;
}

interface Stored {
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

/**
 * Keeps objects in memory: for tests of what uses an `ObjectStore`. They are gone with the process.
 *
 * @throws ComponentError `OPTIONS_INVALID` when `maxBytes` is not a whole number of at least 1.
 */
export function memoryObjects({ maxBytes: most = 64 * 1_048_576 }: MemoryObjectsOptions = {}): ObjectStore {
  if (!Number.isInteger(most) || most < 1) {
    throw new ComponentError('OPTIONS_INVALID', 'memoryObjects: `maxBytes` must be a whole number of at least 1');
  }
  const objects = new Map<string, Stored>();
  return {
    name: 'memory',
    features: { presigned: false, maxBytes: most },
    async put(key, body, { contentType = 'application/octet-stream', ifAbsent = false, maxBytes = most } = {}) {
      refuseBadObjectKey(key);
      if (ifAbsent) refuseExisting(objects, key);
      const bytes = await allOf(body, Math.min(maxBytes, most));
      if (ifAbsent) refuseExisting(objects, key);
      const etag = createHash('sha256').update(bytes).digest('hex');
      const info: ObjectInfo = { key, size: bytes.length, etag, modified: new Date(), contentType };
      objects.set(key, { info, bytes });
      return info;
    },
    async get(key, { range } = {}) {
      refuseBadObjectKey(key);
      const found = objects.get(key);
      if (found === undefined) return undefined;
      const bytes = range === undefined ? found.bytes : part(found.bytes, range);
      return { ...found.info, body: chunks(bytes) };
    },
    async head(key) {
      refuseBadObjectKey(key);
      return objects.get(key)?.info;
    },
    async delete(key) {
      refuseBadObjectKey(key);
      objects.delete(key);
    },
    async list(prefix, { after, limit = 1_000 } = {}) {
      return [...objects.values()]
        .map(({ info: { contentType, ...entry } }) => entry)
        .filter(({ key }) => key.startsWith(prefix) && (after === undefined || byBytes(key, after) > 0))
        .sort((a, b) => byBytes(a.key, b.key))
        .slice(0, Math.min(limit, 1_000));
    },
    async [Symbol.asyncDispose]() {},
  };
}

function refuseExisting(objects: ReadonlyMap<string, Stored>, key: string): void {
  if (objects.has(key)) throw new ComponentError('OBJECT_EXISTS', `there is an object ${key}`, { details: { key } });
}

async function allOf(body: Uint8Array | AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const taken: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new ComponentError('OBJECT_TOO_LARGE', `more than ${maxBytes} bytes`, { details: { maxBytes } });
    }
    taken.push(chunk.slice());
  }
  return Buffer.concat(taken);
}

function part(bytes: Uint8Array, { from, to = bytes.length }: ObjectRange): Uint8Array {
  const end = Math.min(to, bytes.length);
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < end) return bytes.subarray(from, end);
  throw new ComponentError('OBJECT_RANGE_INVALID', `no byte from ${from} to ${to}`, {
    details: { from, to, size: bytes.length },
  });
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 65_536;
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
