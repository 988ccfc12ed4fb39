// What this process has used: read by each contender of itself, so that nobody else's work is in it.
import { readFileSync } from 'node:fs';

/** Runs `work` and answers with the seconds, CPU seconds and peak memory (MiB) that it took. */
export async function measured(work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, peakMiB: peakMiB() };
}

/** The largest resident size so far. The `maxRSS` of getrusage counts what the parent had before exec, so Linux is asked. */
export function peakMiB() {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024; // no /proc here
  }
}
