import { spawnSync } from 'node:child_process';
import { quietRun } from '../setup/quiet-run.mjs';
import { daemonAnswers, startDaemon } from './daemon.mjs';
import { importImages } from './images.mjs';

const packages = ['docker.io', 'iptables', 'busybox-static'];

/** Why no Docker daemon can be had here, with what to do; undefined when there is one, or one can be started. */
export function whyNoDocker() {
  if (daemonAnswers()) return undefined;
  const advice = 'start Docker, or set DOCKER_HOST';
  if (process.platform !== 'linux') return `no Docker daemon answers: ${advice}`;
  if (process.getuid?.() !== 0) return `no Docker daemon answers, and only root can start one: ${advice}`;
  const installed = ['dockerd', 'docker', 'iptables', 'busybox'].every(isInstalled);
  if (installed || isInstalled('apt-get')) return undefined;
  return `no Docker daemon answers, and there is no apt-get to install one: ${advice}`;
}

/**
 * Runs `work` with a Docker daemon: the one that answers, else one of our own with images of ours, which is gone afterwards.
 * `work` is given the environment to use and the command, if any, to put before its own.
 */
export async function withDocker(work) {
  if (daemonAnswers()) return await work({ env: {}, enter: [] });
  await install();
  const daemon = await startDaemon();
  const release = stopOnSignal(daemon);
  try {
    await importImages(daemon);
    return await work(daemon);
  } finally {
    release();
    await daemon.stop();
  }
}

async function install() {
  if (['dockerd', 'docker', 'iptables', 'busybox'].every(isInstalled)) return;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await quietRun('Reading the package lists of apt', 'apt-get', ['update', '-qq'], { env });
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  await quietRun('Installing Docker (once, about 30 s)', 'apt-get', args, { env });
}

function isInstalled(program) {
  return spawnSync(program, ['--version']).error === undefined;
}

/** Ctrl-C and a request to end stop the daemon first. */
function stopOnSignal(daemon) {
  const onSignal = (signal) => void daemon.stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}
