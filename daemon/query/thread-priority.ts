import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

/** Enough that whoever records goes first on a busy machine, and not so much that an answer would never come. */
const NICENESS = 5;

/**
 * Lets the other threads of this process go first. Only Linux knows priorities of threads, under their own ids; elsewhere
 * nothing happens.
 */
export function letOthersGoFirst(): void {
  if (process.platform !== 'linux') return;
  try {
    // PID/task/TID of whoever reads it.
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICENESS);
  } catch {
    // No /proc here. It goes without.
  }
}
