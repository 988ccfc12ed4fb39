import { link, lstat, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ComponentError, type ObjectInfo } from '@sluice/contracts';
import { isDisk } from './disk-error.js';
import { makeFolders, openBelow, removeEmpty, syncFolders } from './folder.js';
import { objectPath } from './object-path.js';
import { UPLOADS } from './open-store.js';
import { type Upload, upload } from './upload.js';

/** How often folders are made anew, because others that delete have removed them as empty. */
const ATTEMPTS = 50;

/** Writes the object aside, then gives it its name: all at once, and not before every byte is durable. */
export async function putObject(root: string, object: Upload, ifAbsent: boolean): Promise<ObjectInfo> {
  const path = objectPath(object.key);
  if (ifAbsent) await refuseExisting(root, path, object.key);
  let aside: string | undefined;
  try {
    const uploaded = await upload(join(root, UPLOADS), object, (began) => {
      aside = began;
    });
    await giveName(root, uploaded.path, path, ifAbsent, object.key);
    await syncFolders(root, dirname(path));
    return uploaded.info;
  } finally {
    // A name was given by `rename` (then it is gone from here) or by `link`; or something has failed.
    if (aside !== undefined) await rm(aside, { force: true });
  }
}

/** Nothing, when there is none. */
export async function removeObject(root: string, path: string): Promise<void> {
  try {
    const opened = await openBelow(root, path);
    if (opened === undefined) return;
    await opened.file.close();
    await unlink(join(root, path));
  } catch (error) {
    if (isDisk(error, 'ENOENT')) return;
    throw error;
  }
  await syncFolders(root, dirname(path));
  await removeEmpty(root, dirname(path));
}

async function giveName(root: string, from: string, path: string, ifAbsent: boolean, key: string): Promise<void> {
  const to = join(root, path);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await makeFolders(root, dirname(path));
      return await (ifAbsent ? link(from, to) : rename(from, to));
    } catch (error) {
      if (ifAbsent && isDisk(error, 'EEXIST')) throw exists(key);
      if (attempt === ATTEMPTS || !isDisk(error, 'ENOENT')) throw error;
      await lstat(from); // rejects when it is the upload that is missing
    }
  }
}

async function refuseExisting(root: string, path: string, key: string): Promise<void> {
  const opened = await openBelow(root, path);
  if (opened === undefined) return;
  await opened.file.close();
  throw exists(key);
}

const exists = (key: string) => new ComponentError('OBJECT_EXISTS', `there is an object ${key}`, { details: { key } });
