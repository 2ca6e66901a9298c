/** What Linux tells of a process. */
import { readdirSync, readFileSync } from 'node:fs';

/** Memory that is this process's and its children's alone: RssAnon, MB (10^6 bytes). */
export function privateMegabytes(pid: number): number {
  const own = (Number(field(readFileSync(`/proc/${pid}/status`, 'utf8'), 'RssAnon')) * 1024) / 1e6;
  return own + childrenOf(pid).reduce((sum, child) => sum + megabytesOfChild(child), 0);
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
      return [...children.matchAll(/\d+/g)].map(([child]) => Number(child));
    } catch {
      // The thread has ended meanwhile.
      return [];
    }
  });
}

function megabytesOfChild(pid: number): number {
  try {
    return (Number(field(readFileSync(`/proc/${pid}/status`, 'utf8'), 'RssAnon')) * 1024) / 1e6;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

/** How often each of its threads has gone to sleep, which is how often it has been woken. */
export function sleepsByThread(pid: number): Map<string, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      return [thread, Number(field(status, 'voluntary_ctxt_switches'))];
    }),
  );
}

/** Wake-ups between two looks. A thread that has ended in between woke up to do so; what else it did is not known. */
export function wakeUpsBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  const ended = [...before.keys()].filter((thread) => !after.has(thread)).length;
  return [...after].reduce((sum, [thread, sleeps]) => sum + sleeps - (before.get(thread) ?? 0), ended);
}

/** CPU time of all its threads, in ticks (of 10 ms, commonly). */
export function cpuTicks(pid: number): number {
  const [, afterName = ''] = /\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  const fields = afterName.split(' ');
  // The state of the process, field 3 of proc_pid_stat(5), comes first here.
  return Number(fields[14 - 3]) + Number(fields[15 - 3]);
}

function field(status: string, name: string): string {
  const value = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1];
  if (value === undefined) throw new Error(`/proc does not tell ${name}`);
  return value;
}
