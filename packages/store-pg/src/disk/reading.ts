import type { FileHandle } from 'node:fs/promises';
import { ComponentError, type ObjectInfo, type ObjectRange } from '@sluice/contracts';
import { fromDisk } from './disk-error.js';

const CHUNK = 65_536;

/** @throws ComponentError `OBJECT_RANGE_INVALID` for a range without a byte. */
export function checkRange(size: number, { from, to = size }: ObjectRange): { from: number; to: number } {
  const end = Math.min(to, size);
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < end) return { from, to: end };
  throw new ComponentError('OBJECT_RANGE_INVALID', `no byte from ${from} to ${to}`, { details: { from, to, size } });
}

/** Bytes that are here already. */
export async function* bytesInMemory(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

/**
 * Bytes of a file that is opened when the first is asked for, and closed after the last, or when nobody asks for more. A file that was
 * replaced goes on as it was, once it is open.
 */
export async function* bytesOfFile(
  open: () => Promise<FileHandle>,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Uint8Array> {
  const file = await open();
  try {
    for (let at = from; at < to; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, to - at));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at).catch((error: unknown) => {
        throw fromDisk(error, 'reading an object');
      });
      if (bytesRead === 0) throw new ComponentError('OBJECT_DAMAGED', 'the file of an object ends too early');
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** @throws ComponentError `OBJECT_REPLACED` unless both have the same bytes. */
export function mustBeSame(begun: ObjectInfo, now: ObjectInfo | undefined): void {
  if (now?.etag === begun.etag && now.size === begun.size) return;
  throw new ComponentError('OBJECT_REPLACED', 'the object was replaced or deleted before it was read');
}
