import { readFileSync } from 'node:fs';
import { captureTiming } from './timing.ts';

/**
 * Suspects that notices were lost, because the system does not say so: libuv drops the kernel's overflow notice.
 *
 * The kernel's queue can only overflow while nobody reads it, and whoever then reads it gets it all in one turn of the
 * event loop. So it counts the notices of each turn; at half the queue's length it suspects, and once no turn has been
 * suspicious for a while it asks for everything to be compared with the index. Half, because some notices in the queue
 * are for watches that have been closed and reach nobody.
 */
export class LossGuard {
  readonly #suspiciousNotices: number;
  readonly #onSuspicion: () => void;
  readonly #onQuiet: () => void;
  #noticesThisTurn = 0;
  #endOfTurn: NodeJS.Immediate | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(queueLength: number, { onSuspicion, onQuiet }: { onSuspicion: () => void; onQuiet: () => void }) {
    this.#suspiciousNotices = Math.max(1, queueLength / 2);
    this.#onSuspicion = onSuspicion;
    this.#onQuiet = onQuiet;
  }

  noticed(): void {
    this.#noticesThisTurn += 1;
    this.#endOfTurn ??= setImmediate(() => this.#turnEnded());
  }

  stop(): void {
    clearImmediate(this.#endOfTurn);
    clearTimeout(this.#quiet);
  }

  #turnEnded(): void {
    const suspicious = this.#noticesThisTurn >= this.#suspiciousNotices;
    this.#noticesThisTurn = 0;
    this.#endOfTurn = undefined;
    if (!suspicious) return;
    this.#onSuspicion();
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(this.#onQuiet, captureTiming.rescanQuietMs);
  }
}

/** How many notices the system keeps for a slow reader. Where it does not say, Linux's default. */
export function noticeQueueLength(): number {
  try {
    const length = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    if (length > 0) return length;
  } catch {
    // Not Linux, or no /proc: the default serves.
  }
  return 16_384;
}
