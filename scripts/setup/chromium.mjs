import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { quietRun } from './quiet-run.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const applications = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Sees to a Chromium for the browser tests: the one that is there, else apt's where we may install it. */
export async function ensureChromium() {
  if (findChromium() !== undefined) return;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).error !== undefined) {
    throw new Error(
      'The browser tests need Chromium. Install it (Debian, Ubuntu: apt-get install chromium), set SLUICE_CHROMIUM to its path, or leave those tests out: npm test -- --no-browser',
    );
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await quietRun('Reading the package lists of apt', 'apt-get', ['update', '-qq'], { env });
  await quietRun('Installing Chromium (once, about 30 s)', 'apt-get', aptInstall, { env });
  if (findChromium() === undefined) throw new Error('apt-get installed chromium, and yet there is none on the PATH.');
}

const aptInstall = ['install', '-y', '-qq', '--no-install-recommends', 'chromium'];

/** The path of a Chromium or Chrome: SLUICE_CHROMIUM, the PATH, the usual places; undefined when there is none. */
export function findChromium(env = process.env) {
  if (env.SLUICE_CHROMIUM) return env.SLUICE_CHROMIUM;
  const folders = (env.PATH ?? '').split(delimiter);
  const onPath = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [...onPath, ...applications].find((path) => existsSync(path));
}
