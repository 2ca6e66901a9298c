import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readLastLook, readUnderWay } from '../../shared/last-look.ts';
import { programFile } from '../../shared/program-file.ts';
import type { FromWalk, WalkOrder, WalkResult } from './verify-messages.ts';

export interface VerifyScheduleOptions {
  databasePath: string;
  databaseId: string;
  /** Between two looks; 0 for none. */
  intervalMs: () => number;
  /** A tenth of a second of work at a time, unless said. */
  rows?: number;
  share?: number;
  onDone: (result: WalkResult) => void;
  onFailed: (reason: string, isDamaged: boolean) => void;
}

const SHARE = 0.01;
const ROWS = 8_000;
const RETRY_MS = 3_600_000;

/**
 * Has all events looked through when that is due, in a process of its own that takes one per cent of a core: damage is found
 * while there are still backups from before it. One by hand counts as well.
 *
 * States: waiting, walking (there is a process), closed. It has no timer: whoever is awake anyway calls `look`.
 */
export class VerifySchedule {
  readonly #options: VerifyScheduleOptions;
  #process: ChildProcess | undefined;
  #notBeforeMs = 0;
  #isClosed = false;

  constructor(options: VerifyScheduleOptions) {
    this.#options = options;
  }

  get isWalking(): boolean {
    return this.#process !== undefined;
  }

  /** When the next one is due, ms since 1970; undefined when none is made by itself. */
  get dueMs(): number | undefined {
    const { databasePath, databaseId, intervalMs } = this.#options;
    const interval = intervalMs();
    if (interval === 0) return undefined;
    if (readUnderWay(databasePath, databaseId) !== undefined) return this.#notBeforeMs;
    const look = readLastLook(databasePath);
    const stat = statSync(databasePath, { throwIfNoEntry: false });
    // A database that was never looked through is as good as new when it is made.
    const sinceMs = look?.database_id === databaseId ? look.at * 1000 : (stat?.birthtimeMs ?? 0);
    return Math.max(sinceMs + interval, this.#notBeforeMs);
  }

  /** Begins one, or goes on with one, when it is due. A time in the future is that of a clock that was wrong. */
  look(nowMs: number): void {
    const due = this.dueMs;
    if (due === undefined || this.#process !== undefined || this.#isClosed) return;
    const farthestMs = nowMs + Math.max(this.#options.intervalMs(), RETRY_MS);
    if (due <= nowMs || due > farthestMs) this.#walk(nowMs);
  }

  /** Ends a look under way. It only reads, and goes on with the next daemon. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#process;
    if (child === undefined) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  #walk(nowMs: number): void {
    const { databasePath, rows = ROWS, share = SHARE, onDone, onFailed } = this.#options;
    const order: WalkOrder = { databasePath, rows, share };
    const child = fork(fileURLToPath(programFile('daemon/verify/verify-walk-process')), [JSON.stringify(order)], {
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=128'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#process = child;
    let last: FromWalk | undefined;
    child.on('message', (message: FromWalk) => (last = message));
    const ended = (why: string) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      if (this.#isClosed) return;
      if (last !== undefined && 'result' in last) onDone(last.result);
      else {
        this.#notBeforeMs = nowMs + RETRY_MS;
        onFailed(last?.failure ?? why, last?.isDamaged ?? false);
      }
    };
    child.on('error', (error) => ended(`the process failed: ${error.message}`));
    child.on('exit', (exitCode, signal) => ended(`the process ended (${signal ?? exitCode})`));
  }
}
