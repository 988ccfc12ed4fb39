import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * A root file system in `folder` that holds a shell (busybox), the users root and `user`, and the programs of `copies`
 * (from → place in it) with every shared library that they need from this machine.
 */
export function makeRootfs(folder, { user, copies, entrypoint, libraryPath = '' }) {
  for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'var/lib', 'usr/local/bin']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  chmodSync(join(folder, 'tmp'), 0o1777);
  cpSync(findBusybox(), join(folder, 'bin/busybox'));
  for (const applet of ['sh', 'cat', 'chmod', 'chown', 'mkdir', 'su'])
    symlinkSync('busybox', join(folder, 'bin', applet));
  writeFileSync(join(folder, 'etc/passwd'), `root:x:0:0::/:/bin/sh\n${user}:x:999:999::/var/lib/${user}:/bin/sh\n`);
  writeFileSync(join(folder, 'etc/group'), `root:x:0:\n${user}:x:999:\n`);
  for (const [from, to] of Object.entries(copies))
    cpSync(from, join(folder, to), { recursive: true, dereference: true });
  for (const to of Object.values(copies)) addLibraries(folder, join(folder, to), libraryPath);
  writeFileSync(join(folder, 'usr/local/bin/docker-entrypoint.sh'), entrypoint, { mode: 0o755 });
}

function findBusybox() {
  const path = ['/bin/busybox', '/usr/bin/busybox'].find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error('The images need busybox-static (apt-get install busybox-static).');
  return path;
}

/** Libraries that lie outside of the file system so far are copied to where the loader of this machine found them. */
function addLibraries(folder, path, libraryPath) {
  for (const file of filesOf(path)) {
    if (!isElf(file)) continue;
    const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
    for (const [, library] of spawnSync('ldd', [file], { encoding: 'utf8', env }).stdout.matchAll(/(\/\S+) \(0x/g)) {
      if (library.startsWith(folder)) continue;
      const found = libraryPath !== '' && library.startsWith(libraryPath);
      const target = join(folder, found ? `usr/lib/${basename(library)}` : library);
      if (existsSync(target)) continue;
      mkdirSync(dirname(target), { recursive: true });
      cpSync(library, target, { dereference: true });
    }
  }
}

function filesOf(path) {
  const stats = lstatSync(path);
  if (stats.isDirectory()) return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
  return stats.isFile() ? [path] : [];
}

function isElf(file) {
  return readFileSync(file).subarray(0, 4).toString('latin1') === '\x7fELF';
}
