import {
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { waitFor } from '@sluice/testkit';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { diskObjects } from '../src/disk/index.js';
import { RunningProgram } from './support/running-program.js';
import { useFolder } from './support/use-folder.js';

const folder = useFolder();

const everything = async () => (await readdir(folder(), { recursive: true })).sort();
const filesOnly = async () => {
  const paths = await everything();
  const kinds = await Promise.all(paths.map((path) => lstat(join(folder(), path))));
  return paths.filter((_, at) => kinds[at]?.isFile());
};

test('files are for their owner alone, whatever the umask', async () => {
  const former = process.umask(0);
  try {
    await diskObjects({ folder: join(folder(), 'store') }).put('a/b', Buffer.from('x'));
  } finally {
    process.umask(former);
  }
  for (const path of await everything()) {
    const { mode } = await stat(join(folder(), path));
    expect([path, (mode & 0o777).toString(8)]).toEqual([path, path.endsWith('o-b') ? '600' : '700']);
  }
});

test('a link in place of a folder or of an object is never followed', async () => {
  const store = diskObjects({ folder: join(folder(), 'store') });
  await store.put('real/x', Buffer.from('mine'));
  await writeFile(join(folder(), 'secret'), await readFile(join(folder(), 'store/objects/d-real/o-x')));
  await mkdir(join(folder(), 'elsewhere'));
  await symlink(join(folder(), 'secret'), join(folder(), 'store/objects/o-x'));
  await symlink(join(folder(), 'elsewhere'), join(folder(), 'store/objects/d-out'));
  await symlink(join(folder(), 'store/objects/d-real'), join(folder(), 'store/objects/d-in'));
  const unsafe = { code: 'OBJECT_DISK_UNSAFE' };
  await expect(store.get('x')).rejects.toMatchObject(unsafe);
  await expect(store.head('x')).rejects.toMatchObject(unsafe);
  await expect(store.get('in/x')).rejects.toMatchObject(unsafe);
  await expect(store.delete('in/x')).rejects.toMatchObject(unsafe);
  await expect(store.put('out/x', Buffer.from('x'))).rejects.toMatchObject(unsafe);
  expect(await readdir(join(folder(), 'elsewhere'))).toEqual([]);
  expect((await store.list('')).map(({ key }) => key)).toEqual(['real/x']);
  // A put replaces the link itself, not what it leads to.
  const secret = await readFile(join(folder(), 'secret'));
  await store.put('x', Buffer.from('other'));
  expect(await readFile(join(folder(), 'secret'))).toEqual(secret);
  expect((await store.head('x'))?.size).toBe(5);
});

test('the folder itself may be a link: that is the choice of who runs it', async () => {
  await mkdir(join(folder(), 'disk'));
  await symlink(join(folder(), 'disk'), join(folder(), 'link'));
  const store = diskObjects({ folder: join(folder(), 'link') });
  await store.put('a', Buffer.from('x'));
  expect((await store.head('a'))?.size).toBe(1);
});

test('what a crash left of an upload is removed, one that goes on is not', async () => {
  await diskObjects({ folder: folder() }).put('a', Buffer.from('x'));
  const [old, fresh] = ['old', 'fresh'].map((name) => join(folder(), 'uploads', name)) as [string, string];
  for (const path of [old, fresh]) await writeFile(path, 'half of');
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  await utimes(old, hoursAgo, hoursAgo);
  const later = diskObjects({ folder: folder() });
  expect((await later.list('')).map(({ key }) => key)).toEqual(['a']);
  expect(await filesOnly()).toEqual(['objects/o-a', 'uploads/fresh']);
});

test('a process that is killed while it uploads leaves whole objects, and nothing for later', {
  timeout: 120_000,
}, async () => {
  const program = join(folder(), 'upload-for-ever.mjs');
  const entry = join(import.meta.dirname, 'fixtures', 'upload-for-ever.ts');
  const bundle = { bundle: true, platform: 'node' as const, format: 'esm' as const, conditions: ['@sluice/source'] };
  await build({ entryPoints: [entry], outfile: program, ...bundle });
  const root = join(folder(), 'store');
  for (let round = 1; round <= 5; round += 1) {
    await using child = new RunningProgram(program, root);
    await child.says('ten more are stored');
  }
  const store = diskObjects({ folder: root, leftoverAgeMs: 1 });
  const listed = await store.list('');
  expect(listed.map(({ key }) => key)).toEqual(['a', 'b', 'c/d']);
  for (const { key, size } of listed) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await store.get(key))?.body ?? []) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    expect([bytes.length, bytes.equals(Buffer.alloc(size, bytes[0]))]).toEqual([size, true]);
  }
  await waitFor(
    async () => {
      await store.put('last', Buffer.from('x'));
      return (await readdir(join(root, 'uploads'))).length === 0;
    },
    { what: 'what was left over to be removed', timeoutMs: 30_000 },
  );
});

test('failed and refused puts leave no file, and deletes no folder', async () => {
  const store = diskObjects({ folder: folder(), maxBytes: 10 });
  await store.put('a/b/c', Buffer.from('x'));
  await expect(store.put('a/b/c', Buffer.alloc(11))).rejects.toMatchObject({ code: 'OBJECT_TOO_LARGE' });
  await expect(store.put('a/b/c', Buffer.from('y'), { ifAbsent: true })).rejects.toMatchObject({
    code: 'OBJECT_EXISTS',
  });
  await store.put('a/new', Buffer.from('y'), { ifAbsent: true });
  expect(await filesOnly()).toEqual(['objects/d-a/d-b/o-c', 'objects/d-a/o-new']);
  await store.delete('a/b/c');
  await store.delete('a/new');
  expect(await everything()).toEqual(['long', 'objects', 'uploads']);
});

test('a file that is damaged, or of another key, is no object', async () => {
  const store = diskObjects({ folder: folder() });
  const path = (key: string) => join(folder(), 'objects', `o-${key}`);
  for (const key of ['cut', 'empty', 'moved', 'good']) await store.put(key, Buffer.alloc(1_000));
  await truncate(path('cut'), 900);
  await truncate(path('empty'), 0);
  await rename(path('moved'), path('other'));
  for (const key of ['cut', 'empty', 'other']) {
    await expect(store.get(key)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  }
  expect((await store.head('good'))?.size).toBe(1_000);
});

test('a folder that was removed under the store is told by its code, without the path', async () => {
  const store = diskObjects({ folder: folder() });
  await store.list('');
  await rm(join(folder(), 'uploads'), { recursive: true });
  const error = await store.put('a', Buffer.from('x')).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'OBJECT_DISK_FAILED', details: { code: 'ENOENT' } });
  expect(error.message).not.toContain(folder());
});

test.each([
  ['text', ['bytes, then ', 'text']],
  ['objects', [{ length: 4 }]],
])('a stream of %s is refused by name and leaves nothing', async (_, chunks) => {
  const store = diskObjects({ folder: folder() });
  const refused = { code: 'OPTIONS_INVALID', details: { option: 'body' } };
  await expect(store.put('a', Readable.from([Buffer.from('x'), ...chunks]))).rejects.toMatchObject(refused);
  expect(await filesOnly()).toEqual([]);
});

test('the subpath loads no pg', async () => {
  const entry = join(import.meta.dirname, '..', 'src', 'disk', 'index.ts');
  const options = {
    bundle: true,
    write: false,
    metafile: true as const,
    platform: 'node' as const,
    conditions: ['@sluice/source'],
  };
  const { metafile } = await build({ entryPoints: [entry], ...options });
  expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([]);
});
