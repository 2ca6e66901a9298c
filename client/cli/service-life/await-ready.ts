import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../../launchd/service.ts';
import { DaybookError } from '../../../shared/errors.ts';
import type { DaybookPaths } from '../../../shared/paths.ts';
import { readStartNotice } from '../../../shared/start-notice.ts';
import { localTime, plain, print, Progress } from '../output.ts';
import { askStatus } from './ask-status.ts';
import { type DaemonSight, lookAtDaemon } from './daemon-state.ts';
import { startingText } from './starting-text.ts';

export interface Patience {
  /** The daemon that ran before: another one is waited for. */
  notPid?: number | undefined;
  deadlineMs?: number;
}

const DEADLINE_MS = 30_000;
const STEP_MS = 100;
/** A connection that the service manager has taken in the daemon's place is answered when that is ready. */
const PATIENCE_MS = 1_000;
/** How often the service manager is asked meanwhile, and how often it must have said that the daemon has failed. */
const LOOK_MS = 700;
const FAILED_LOOKS = 2;

/**
 * Waits until the daemon that the service manager has just started answers, and says so. As long as it says itself that
 * it is starting, the deadline moves on.
 * @throws DaybookError `timeout` when it does not in time, or as soon as it has ended with an error, which is named
 */
export async function awaitReady(service: Service, paths: DaybookPaths, patience: Patience = {}): Promise<void> {
  const { notPid, deadlineMs = DEADLINE_MS } = patience;
  let end = performance.now() + deadlineMs;
  const starting = new StartWatch(paths);
  let nextLook = performance.now() + LOOK_MS;
  const beganMs = Date.now();
  let failedLooks = 0;
  for (;;) {
    const answer = await askStatus(PATIENCE_MS).catch(toleratingRefusal);
    if ('status' in answer && answer.status.state === 'running' && answer.status.pid !== notPid) {
      starting.clear();
      await print(`running (pid ${answer.status.pid})\n`);
      return;
    }
    if (starting.look()) end = performance.now() + deadlineMs;
    const isOver = performance.now() > end;
    if (isOver || performance.now() > nextLook) {
      nextLook = performance.now() + LOOK_MS;
      const sight = await lookAtDaemon(service, paths, answer);
      // Between two tries it looks as if it were starting.
      const hasFailed = sight.state === 'crashed' || (sight.lastError?.timeMs ?? 0) >= beganMs;
      if (hasFailed) failedLooks += 1;
      if (isOver || failedLooks >= FAILED_LOOKS) {
        starting.clear();
        throw failure(sight, { hasFailed, notPid, deadlineMs });
      }
    }
    await sleep(STEP_MS);
  }
}

/** What a daemon says that starts, shown as it goes on: on a terminal in one line, else each thing once. */
class StartWatch {
  readonly #dataDirectory: string;
  readonly #progress = new Progress();
  #said = '';

  constructor({ dataDirectory }: DaybookPaths) {
    this.#dataDirectory = dataDirectory;
  }

  /** Whether one says that it starts. */
  look(): boolean {
    const notice = readStartNotice(this.#dataDirectory);
    if (notice === undefined) return false;
    if (process.stderr.isTTY) this.#progress.show(`starting: ${startingText(notice)}`);
    else if (notice.doing !== this.#said) process.stderr.write(`starting: ${plain(notice.doing)}\n`);
    this.#said = notice.doing;
    return true;
  }

  clear(): void {
    this.#progress.clear();
  }
}

/** A daemon that is full or going away is none to wait for, and the next one may answer. */
function toleratingRefusal(error: unknown): { without: 'absent' } {
  if (error instanceof DaybookError && error.retryable) return { without: 'absent' };
  throw error;
}

function failure(
  sight: DaemonSight,
  { hasFailed, notPid, deadlineMs }: Required<Patience> & { hasFailed: boolean },
): DaybookError {
  const { state, status, service: report, lastError } = sight;
  const last =
    lastError === undefined ? '' : `; it said last (${localTime(lastError.timeMs / 1000)}): ${plain(lastError.text)}`;
  const seconds = deadlineMs / 1000;
  const what = hasFailed
    ? `the daemon has ended${report?.lastExit === undefined ? '' : ` with ${report.lastExit}`}${last}`
    : status !== undefined && status.pid === notPid
      ? `the daemon that ran before (pid ${notPid}) is still there after ${seconds} s`
      : `it was started and does not answer after ${seconds} s (${state})${last}`;
  const cure =
    state === 'starting' && !hasFailed
      ? "it may be bringing a large database up to date: look again with 'daybook status' and 'daybook logs -f'"
      : "more is in 'daybook logs' and 'daybook doctor'";
  return new DaybookError('timeout', `${what}; ${cure}`);
}
