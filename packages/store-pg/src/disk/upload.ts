import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ComponentError, type ObjectInfo } from '@sluice/contracts';
import { labelOf } from './object-file.js';

/** Bytes that are written at once. */
const BLOCK = 262_144;

/** What is to be stored. */
export interface Upload {
  readonly key: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  readonly contentType: string;
  readonly maxBytes: number;
}

/** A file that is whole and durable, and has no name of its own yet. */
export interface Uploaded {
  readonly path: string;
  readonly info: ObjectInfo;
}

/**
 * Writes a new file into `folder`, with the object's label at its end. A stream is asked for more when what it gave is written.
 * When it fails, the caller removes the file, whose path it is told before.
 *
 * @throws ComponentError `OBJECT_TOO_LARGE`; `OPTIONS_INVALID` for a chunk that is no bytes.
 */
export async function upload(folder: string, object: Upload, began: (path: string) => void): Promise<Uploaded> {
  const { key, body, contentType, maxBytes } = object;
  if (body instanceof Uint8Array && body.length > maxBytes) throw tooLarge(maxBytes);
  const path = join(folder, randomUUID());
  began(path);
  const file = await open(path, 'wx', 0o600);
  try {
    const writer = new BlockWriter(file, body instanceof Uint8Array ? Math.min(body.length + 4_096, BLOCK) : BLOCK);
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of body instanceof Uint8Array ? slices(body) : body) {
      if (!(chunk instanceof Uint8Array)) throw noBytes(chunk);
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      // Of what was copied: the array is the caller's, who may change it.
      await writer.write(chunk, (copied) => hash.update(copied));
    }
    const info: ObjectInfo = { key, size, etag: hash.digest('hex'), modified: new Date(), contentType };
    await writer.write(labelOf(info), () => {});
    await writer.flush();
    await file.sync();
    return { path, info };
  } finally {
    await file.close();
  }
}

/** Gathers small chunks. */
class BlockWriter {
  readonly #block: Buffer;
  #filled = 0;

  constructor(
    private readonly file: FileHandle,
    size: number,
  ) {
    this.#block = Buffer.allocUnsafe(size);
  }

  async write(bytes: Uint8Array, copied: (part: Buffer) => void): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === this.#block.length) await this.flush();
      const length = Math.min(bytes.length - at, this.#block.length - this.#filled);
      this.#block.set(bytes.subarray(at, at + length), this.#filled);
      copied(this.#block.subarray(this.#filled, this.#filled + length));
      this.#filled += length;
      at += length;
    }
  }

  async flush(): Promise<void> {
    for (let at = 0; at < this.#filled; ) {
      at += (await this.file.write(this.#block, at, this.#filled - at)).bytesWritten;
    }
    this.#filled = 0;
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += BLOCK) yield bytes.subarray(at, at + BLOCK);
}

function tooLarge(maxBytes: number): ComponentError {
  return new ComponentError('OBJECT_TOO_LARGE', `more than ${maxBytes} bytes`, { details: { maxBytes } });
}

/** A stream that gives text (`setEncoding`, objects) says nothing of the bytes it stands for. */
function noBytes(chunk: unknown): ComponentError {
  return new ComponentError('OPTIONS_INVALID', `body: a chunk must be a Uint8Array, not of type ${typeof chunk}`, {
    details: { option: 'body' },
  });
}
