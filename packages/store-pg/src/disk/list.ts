import type { ListObjectsOptions, ObjectEntry } from '@sluice/contracts';
import { readInfo } from './stored-object.js';
import { type Found, isAfter, longPaths, walk } from './walk.js';

/** Objects of one page, at most. */
const PAGE = 1_000;
/** Files that are open at once. */
const AT_ONCE = 16;

/** A page of a listing. Objects that are deleted meanwhile are left out, and others come in their place. */
export async function listObjects(
  root: string,
  prefix: string,
  { after, limit = PAGE }: ListObjectsOptions,
): Promise<readonly ObjectEntry[]> {
  const most = Math.min(limit, PAGE);
  const listed: ObjectEntry[] = [];
  let group: Found[] = [];
  const take = async () => {
    const entries = await Promise.all(group.map(({ path }) => entryOf(root, path)));
    listed.push(...entries.filter((entry) => entry !== undefined));
    group = [];
  };
  if (most <= 0) return [];
  for await (const found of inOrder(walk(root, prefix, after), await longKeys(root, prefix, after))) {
    group.push(found);
    if (group.length === Math.min(AT_ONCE, most - listed.length)) await take();
    if (listed.length === most) return listed;
  }
  await take();
  return listed;
}

async function entryOf(root: string, path: string): Promise<ObjectEntry | undefined> {
  const end = await readInfo(root, path);
  if (end === undefined) return undefined;
  const { key, size, etag, modified } = end.info;
  return { key, size, etag, modified };
}

/** Only their files tell the keys. */
async function longKeys(root: string, prefix: string, after: string | undefined): Promise<readonly Found[]> {
  const found: Found[] = [];
  const paths = await longPaths(root);
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const group = paths.slice(at, at + AT_ONCE);
    const entries = await Promise.all(group.map((path) => entryOf(root, path)));
    for (const [n, path] of group.entries()) {
      const key = entries[n]?.key;
      if (key?.startsWith(prefix) && (after === undefined || isAfter(key, after))) found.push({ key, path });
    }
  }
  return found.sort((a, b) => (isAfter(a.key, b.key) ? 1 : -1));
}

/** Two sequences that are in the order of their keys, as one. */
async function* inOrder(walked: AsyncIterable<Found>, others: readonly Found[]): AsyncGenerator<Found> {
  let next = 0;
  for await (const found of walked) {
    for (let other = others[next]; other && isAfter(found.key, other.key); other = others[next]) {
      yield other;
      next += 1;
    }
    yield found;
  }
  yield* others.slice(next);
}
