import { ComponentError, type ObjectInfo } from '@sluice/contracts';
import type { OpenFile } from './folder.js';

/**
 * The form of an object's file: the bytes; then a label, which is JSON in UTF-8; then the length of the label in 4 bytes, most significant
 * first, and the mark. So a file is whole or none of ours, and a plain tool can read the bytes.
 */
const MARK = Buffer.from('sluiceO1');
const TAIL = 4 + MARK.length;
/** More than the longest key, with every letter escaped, a content type and the rest. */
const MAX_LABEL = 8_192;

/** What is read of a file at once, in bytes: the label, and with it the bytes of a small object. */
export const NEAR_END = 65_536;

/** The end of an object's file. */
export function labelOf({ key, size, etag, modified, contentType }: ObjectInfo): Buffer {
  const label = Buffer.from(JSON.stringify({ key, size, etag, modified: modified.getTime(), contentType }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(label.length);
  return Buffer.concat([label, length, MARK]);
}

/** What a file tells of its object, and the last of its bytes: all of them, when `bytes` is as long as `info.size`. */
export interface FileEnd {
  readonly info: ObjectInfo;
  readonly bytes: Buffer;
}

/** Reads the label, and at most `atMost` bytes of the file with it. Throws `OBJECT_DAMAGED`. */
export async function readEnd({ file, fileSize }: OpenFile, atMost = MAX_LABEL + TAIL): Promise<FileEnd> {
  const length = Math.min(fileSize, atMost);
  const end = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(end, read, length - read, fileSize - length + read);
    if (bytesRead === 0) throw damaged('it is shorter than it was');
    read += bytesRead;
  }
  if (length < TAIL || !end.subarray(-MARK.length).equals(MARK)) throw damaged('it has no label');
  const labelLength = end.readUInt32BE(length - TAIL);
  const from = length - TAIL - labelLength;
  if (labelLength > MAX_LABEL || from < 0) throw damaged('its label is too long');
  const info = parse(end.subarray(from, length - TAIL));
  if (info === undefined || info.size !== fileSize - TAIL - labelLength) throw damaged('its label does not fit');
  return { info, bytes: end.subarray(0, from) };
}

function parse(label: Buffer): ObjectInfo | undefined {
  let told: Record<string, unknown>;
  try {
    told = JSON.parse(label.toString()) as Record<string, unknown>;
  } catch {
    return undefined; // no JSON: it does not fit
  }
  const { key, size, etag, modified, contentType } = told;
  if (typeof key !== 'string' || typeof size !== 'number' || typeof etag !== 'string') return undefined;
  if (typeof modified !== 'number' || typeof contentType !== 'string') return undefined;
  return { key, size, etag, modified: new Date(modified), contentType };
}

const damaged = (what: string) => new ComponentError('OBJECT_DAMAGED', `the file of an object is damaged: ${what}`);
