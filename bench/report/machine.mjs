// What the numbers were measured on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';

/** One line; `more` names what else matters, such as the server's version. */
export function machine(more = []) {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const parts = [
    `${cpus().length} × ${cpu.model.trim()}`,
    memory,
    `${platform()} ${arch()}`,
    `Node ${process.versions.node}`,
  ];
  return [...parts, ...more].join(' · ');
}

/** How busy the machine was in the minute before, without us. */
export const busy = () => `load before ${loadavg()[0].toFixed(1)}`;

/** The version of an installed package. */
export function versionOf(name) {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

/** The commit that was measured, with a + when something was changed since. */
export function revision() {
  try {
    const git = (...args) =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', 'packages') === '' ? '' : '+');
  } catch {
    return 'not under git';
  }
}
