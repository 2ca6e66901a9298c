import { readdirSync } from 'node:fs';

/** For the `skip` option of a test. */
export const skipWithoutOpenFiles = process.platform !== 'linux' && 'needs /proc/PID/fd';

/** How many file descriptors a process has. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
