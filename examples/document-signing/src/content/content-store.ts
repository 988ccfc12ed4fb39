import { createReadStream, type ReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Keeps the contents of documents, by document id. */
export interface ContentStore {
  /** Durable when it resolves. */
  put(id: string, content: string): Promise<void>;
  /** The bytes; `undefined` when there are none. */
  get(id: string): Promise<{ readonly bytes: number; readonly stream: ReadStream } | undefined>;
  /** Removing what is not there is no error. */
  remove(id: string): Promise<void>;
  /** Every id that has content. */
  ids(): Promise<string[]>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A store on local disk: `<folder>/<id>/content`. An id is a UUID and nothing else, so no id leads out of the folder. */
export function contentOnDisk(folder: string): ContentStore {
  const directory = (id: string) => {
    if (!UUID.test(id)) throw new RangeError('a content is kept under a UUID');
    return join(folder, id);
  };
  const file = (id: string) => join(directory(id), 'content');
  return {
    async put(id, content) {
      await mkdir(directory(id), { recursive: true });
      const writing = `${file(id)}.writing`;
      const handle = await open(writing, 'w', 0o600);
      try {
        await handle.writeFile(content, 'utf8');
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(writing, file(id));
    },
    async get(id) {
      const found = await stat(file(id)).catch(absent);
      return found && { bytes: found.size, stream: createReadStream(file(id)) };
    },
    remove: (id) => rm(directory(id), { recursive: true, force: true }),
    async ids() {
      const entries = (await readdir(folder).catch(absent)) ?? [];
      return entries.filter((name) => UUID.test(name));
    },
  };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
