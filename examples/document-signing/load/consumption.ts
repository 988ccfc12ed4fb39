import { readdir, readFile } from 'node:fs/promises';

/** What a process and those that it started have taken since {@link watchConsumption}. */
export interface Consumption {
  /** Seconds of CPU: of the process itself, and of its children (Postgres). */
  readonly own: number;
  readonly children: number;
  /** The most memory that was resident at a time, of the process itself, in MiB. */
  readonly peakMiB: number;
}

/** Clock ticks of `/proc/<pid>/stat` in a second: fixed on Linux. */
const TICKS = 100;

/** Watches a process through `/proc`; undefined where there is none. */
export async function watchConsumption(pid: number | undefined): Promise<(() => Promise<Consumption>) | undefined> {
  const before = pid === undefined ? undefined : await cpuOf(pid);
  if (pid === undefined || before === undefined) return undefined;
  return async () => {
    const after = (await cpuOf(pid)) ?? before;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    return {
      own: (after.own - before.own) / TICKS,
      children: (after.children - before.children) / TICKS,
      peakMiB: peak / 1_024,
    };
  };
}

interface Cpu {
  readonly own: number;
  readonly children: number;
}

async function cpuOf(pid: number): Promise<Cpu | undefined> {
  const ids = await readdir('/proc').catch(() => []);
  const read = await Promise.all(ids.filter((id) => /^\d+$/.test(id)).map(statOf));
  const processes = new Map(read.filter((one) => one !== undefined).map((one) => [one.pid, one]));
  const own = processes.get(pid);
  if (own === undefined) return undefined;
  const descends = (id: number): boolean => {
    const parent = processes.get(id)?.parent ?? 0;
    return parent === pid || (parent > 1 && descends(parent));
  };
  const children = [...processes.keys()].filter(descends);
  return { own: own.ticks, children: children.reduce((sum, id) => sum + (processes.get(id)?.ticks ?? 0), 0) };
}

/** Fields 4 (parent), 14 to 17 (time in user and system mode, with that of children waited for), see proc(5). */
async function statOf(id: string) {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => ''); // it has ended meanwhile
  if (text === '') return undefined;
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (field: number) => fields[field - 3] ?? 0;
  return { pid: Number(id), parent: at(4), ticks: at(14) + at(15) + at(16) + at(17) };
}
