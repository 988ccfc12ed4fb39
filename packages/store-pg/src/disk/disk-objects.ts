import {
  ComponentError,
  type ObjectInfo,
  type ObjectStore,
  refuseBadObjectKey,
  refuseUnknownOptions,
} from '@sluice/contracts';
import { fromDisk } from './disk-error.js';
import { listObjects } from './list.js';
import { objectPath } from './object-path.js';
import { openStore } from './open-store.js';
import { putObject, removeObject } from './place.js';
import { bytesInMemory, bytesOfFile, checkRange, mustBeSame } from './reading.js';
import { openObject, readInfo } from './stored-object.js';

/** Where objects are kept, and how large they may be. */
export interface DiskObjectsOptions {
  /** A folder of a local file system, of this store alone; made when it is missing. */
  readonly folder: string;
  /** The largest object, in bytes. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** After how long without a byte an upload counts as left over by a process that has died, in milliseconds. Default: an hour. */
  readonly leftoverAgeMs?: number;
}

/**
 * Keeps objects as files of a local disk, for one process or several of one machine.
 *
 * - `put` resolves when file and folders are synced; the name then points to the former file or to the new one, also after a crash.
 * - A reading that has begun goes on with its object, whatever becomes of the key; one of a larger object that was replaced between
 *   `get` and its first byte rejects with `OBJECT_REPLACED`.
 * - Files are for their owner alone (0600, folders 0700). Symbolic links are never followed.
 * - What a crash leaves of an upload is removed at the first call of a later process, or an hour after.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `OBJECT_*`, where `OBJECT_DISK_*` come of the file system.
 */
export function diskObjects(options: DiskObjectsOptions): ObjectStore {
  refuseUnknownOptions('diskObjects', options, ['folder', 'maxBytes', 'leftoverAgeMs']);
  const { folder, maxBytes: most = 64 * 1_048_576, leftoverAgeMs = 3_600_000 } = options;
  if (typeof folder !== 'string' || folder === '') {
    throw new ComponentError('OPTIONS_INVALID', 'diskObjects: `folder` must be the path of a folder');
  }
  const wholeNumbers = { maxBytes: most, leftoverAgeMs };
  for (const [name, value] of Object.entries(wholeNumbers)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new ComponentError('OPTIONS_INVALID', `diskObjects: \`${name}\` must be a whole number of at least 1`);
  }
  const store = openStore(folder, leftoverAgeMs);

  return {
    name: 'disk',
    features: { presigned: false, maxBytes: most },
    async put(key, body, { contentType = 'application/octet-stream', ifAbsent = false, maxBytes = most } = {}) {
      refuseBadObjectKey(key);
      checkContentType(contentType);
      const object = { key, body, contentType, maxBytes: Math.min(maxBytes, most) };
      return onDisk('storing an object', async () => putObject(await store.forWriting(), object, ifAbsent));
    },
    async get(key, { range } = {}) {
      refuseBadObjectKey(key);
      return onDisk('reading an object', async () => {
        const root = await store.root();
        const end = await readInfo(root, objectPath(key), key, 'and the bytes of a small one');
        if (end === undefined) return undefined;
        const { info, bytes } = end;
        const part = range === undefined ? { from: 0, to: info.size } : checkRange(info.size, range);
        if (bytes.length === info.size) return { ...info, body: bytesInMemory(bytes.subarray(part.from, part.to)) };
        return { ...info, body: bytesOfFile(() => onDisk('reading an object', () => reopen(root, info)), part) };
      });
    },
    async head(key) {
      refuseBadObjectKey(key);
      return onDisk('reading an object', async () => (await readInfo(await store.root(), objectPath(key), key))?.info);
    },
    async delete(key) {
      refuseBadObjectKey(key);
      await onDisk('deleting an object', async () => removeObject(await store.root(), objectPath(key)));
    },
    list: (prefix, options) =>
      onDisk('listing objects', async () => listObjects(await store.root(), prefix, options ?? {})),
    async [Symbol.asyncDispose]() {},
  };
}

async function reopen(root: string, begun: ObjectInfo) {
  const opened = await openObject(root, objectPath(begun.key), begun.key);
  try {
    mustBeSame(begun, opened?.info);
  } catch (error) {
    await opened?.file.close();
    throw error;
  }
  return (opened as NonNullable<typeof opened>).file;
}

async function onDisk<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromDisk(error, doing);
  }
}

function checkContentType(contentType: string): void {
  if (/^[\x20-\x7e]{1,255}$/.test(contentType)) return;
  throw new ComponentError('OPTIONS_INVALID', 'contentType: give 1 to 255 printable characters of ASCII');
}
