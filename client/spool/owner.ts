import { readFileSync } from 'node:fs';

/** A process. `start` tells it from a later one with the same pid; `unknown` where the system does not say. */
export interface Owner {
  pid: number;
  /** Letters and digits. */
  start: string;
}

const UNKNOWN = 'unknown';

export function thisProcess(): Owner {
  return { pid: process.pid, start: startOf(process.pid) ?? UNKNOWN };
}

/** Whether this very process still runs. In doubt it does: its files are left to it. */
export function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: somebody else's process. It may have the pid now, or be ours under another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const start = startOf(owner.pid);
  return start === 'ended' ? false : start === undefined || owner.start === UNKNOWN || start === owner.start;
}

/** When a process began, in the system's own terms; `ended` when it is a zombie or gone. */
function startOf(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? startOnLinux(pid) : startElsewhere(pid);
  } catch {
    return undefined;
  }
}

/** Clock ticks from the boot to the start of the process, and which boot that was. */
function startOnLinux(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program stands in parentheses and may hold anything; the state (field 3) follows.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
  return `${fields[22 - 3]}b${bootId()}`;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  } catch {
    return '';
  }
}

/** Seconds since 1970. */
function startElsewhere(pid: number): string {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const output = execFileSync('/bin/ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [state = '', ...start] = output.trim().split(/\s+/);
  if (state.startsWith('Z')) return 'ended';
  const startMs = Date.parse(`${start.join(' ')} UTC`);
  if (Number.isNaN(startMs)) throw new Error('ps has said something else');
  return String(startMs / 1000);
}
