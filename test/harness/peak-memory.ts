import { readFileSync, writeFileSync } from 'node:fs';

const MiB = 1024 * 1024;

/** For the `skip` option of a test: only Linux tells the most memory that a process ever had. */
export const skipWithoutPeakMemory = process.platform !== 'linux' && 'needs /proc/PID/clear_refs';

/** The most resident memory that a process has from now on. */
export class PeakMemory {
  readonly #pid: number;
  readonly #startBytes: number;

  constructor(pid: number) {
    this.#pid = pid;
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    this.#startBytes = this.#peakBytes();
  }

  /** MiB above what it was at the beginning. */
  get grownMiB(): number {
    return (this.#peakBytes() - this.#startBytes) / MiB;
  }

  #peakBytes(): number {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'))?.[1];
    return Number(kib) * 1024;
  }
}
