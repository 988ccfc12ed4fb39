import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** The longest name of a file or folder: file systems take 255 bytes, or as many UTF-16 units. */
const MAX_NAME = 200;
/** The longest path of an object below the folder of objects: some systems take 1,024 bytes, or 260, of it all. */
const MAX_PATH = 600;

/** Below the folder of a store: objects by their key, and those whose key makes too long a path, by its hash. */
export const OBJECTS = 'objects';
export const LONG = 'long';

/**
 * Where an object is, below the folder of its store: a folder for each part of the key but the last, with `d-` before its name, and a
 * file with `o-`. So `a` and `a/b` go together, and no name is one that Windows keeps for a device.
 */
export function objectPath(key: string): string {
  const parts = key.split('/');
  const last = parts.length - 1;
  const names = parts.map((part, at) => `${at === last ? 'o' : 'd'}-${encodePart(part)}`);
  const path = join(OBJECTS, ...names);
  if (path.length <= MAX_PATH && names.every((name) => name.length <= MAX_NAME)) return path;
  const hash = createHash('sha256').update(key).digest('hex');
  return join(LONG, `d-${hash.slice(0, 2)}`, `o-${hash}`);
}

/** The folder that has the objects whose keys begin with these parts; undefined when no folder can have such a name. */
export function folderPath(parts: readonly string[]): string | undefined {
  const names = parts.map((part) => `d-${encodePart(part)}`);
  const path = join(OBJECTS, ...names);
  return path.length <= MAX_PATH && names.every((name) => name.length <= MAX_NAME) ? path : undefined;
}

/** What a name stands for; undefined when it is none of ours. */
export function partOf(name: string): { readonly folder: boolean; readonly part: string } | undefined {
  const [, kind, encoded] = NAME.exec(name) ?? [];
  if (kind === undefined || encoded === undefined) return undefined;
  const part = decodePart(encoded);
  return encodePart(part) === encoded ? { folder: kind === 'd', part } : undefined;
}

const NAME = /^([do])-((?:[a-z0-9._-]|=[0-9a-f]{2})+)$/;

/**
 * Lower case letters, digits, `-`, `_` and inner dots stand for themselves, every other byte of UTF-8 is `=` and two digits: no two parts
 * make names that differ in case or in the form of their accents alone.
 */
function encodePart(part: string): string {
  if (PLAIN.test(part)) return part;
  const bytes = Buffer.from(part);
  let name = '';
  for (const [at, byte] of bytes.entries()) {
    const letter = String.fromCharCode(byte);
    const plain = letter === '.' ? at < bytes.length - 1 : /[a-z0-9_-]/.test(letter);
    name += plain ? letter : `=${byte.toString(16).padStart(2, '0')}`;
  }
  return name;
}

const PLAIN = /^[a-z0-9_-]+$/;

function decodePart(name: string): string {
  const bytes = name.replace(/=([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
