import type { FileHandle } from 'node:fs/promises';
import { ComponentError, type ObjectInfo } from '@sluice/contracts';
import { openBelow } from './folder.js';
import { type FileEnd, NEAR_END, readEnd } from './object-file.js';

/** An open file, and what it tells; the caller closes it. */
export interface OpenObject {
  readonly file: FileHandle;
  readonly info: ObjectInfo;
}

/** Undefined when there is no object. Throws `OBJECT_DAMAGED`, also when the file is another key's. */
export async function openObject(root: string, path: string, key: string): Promise<OpenObject | undefined> {
  const opened = await openBelow(root, path);
  if (opened === undefined) return undefined;
  const { file } = opened;
  try {
    const { info } = await readEnd(opened);
    mustBeOf(key, info);
    return { file, info };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is known of an object, and on demand its bytes, when they are few. Without a `key` it may be any. */
export async function readInfo(
  root: string,
  path: string,
  key?: string,
  more?: 'and the bytes of a small one',
): Promise<FileEnd | undefined> {
  const opened = await openBelow(root, path);
  if (opened === undefined) return undefined;
  try {
    const end = await (more ? readEnd(opened, NEAR_END) : readEnd(opened));
    if (key !== undefined) mustBeOf(key, end.info);
    return end;
  } finally {
    await opened.file.close();
  }
}

function mustBeOf(key: string, info: ObjectInfo): void {
  if (info.key !== key) throw new ComponentError('OBJECT_DAMAGED', 'the file of an object has the label of another');
}
