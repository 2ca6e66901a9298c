import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Service, ServiceReport, ServiceWords } from '../../../launchd/service.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import type { DaybookPaths } from '../../../shared/paths.ts';
import { readStartNotice, type StartNotice } from '../../../shared/start-notice.ts';
import { askStatus, type StatusAnswer } from './ask-status.ts';
import { type LogEnd, lastErrorOf, readLogEnd } from './last-error.ts';

/**
 * - `running`, `stopping`: the daemon answers and says so.
 * - `starting`: it says that it is, or the service manager has started it less than a minute ago, and it does not answer
 *   yet.
 * - `unreachable`: there is a process, and it does not answer.
 * - `crashed`: it ended with an error. The service manager may be about to try again.
 * - `disabled`: it does not run, and the user has switched it off.
 * - `stopped`: it does not run, and that is as it should be.
 */
export type DaemonState = 'running' | 'stopping' | 'starting' | 'unreachable' | 'crashed' | 'disabled' | 'stopped';

export interface DaemonSight {
  readonly state: DaemonState;
  /** When it answers. */
  readonly status?: StatusReply;
  /** What the service manager says; absent where there is none to ask. */
  readonly service?: ServiceReport;
  /** What it is at, when it starts and that takes longer. */
  readonly starting?: StartNotice;
  /** When it crashed, or does not answer. */
  readonly lastError?: ServiceWords;
}

/** Longer than a start takes that says nothing of itself. */
const START_MS = 60_000;
/** Between the last words of a process and its end. */
const LAST_WORDS_MS = 30_000;

/**
 * How the daemon is, from what the service manager and the socket say. Nothing is started by looking: a socket on which
 * the service manager listens in its place is left alone.
 * @param asked what it has just answered, for who has asked already
 * @throws DaybookError when the daemon answers with a refusal
 */
export async function lookAtDaemon(
  service: Service | undefined,
  paths: DaybookPaths,
  asked?: StatusAnswer,
): Promise<DaemonSight> {
  const report = await service?.report().catch(() => undefined);
  const answer = asked ?? (wouldStartIt(report) ? { without: 'absent' as const } : await askStatus());
  if ('status' in answer) {
    return { state: answer.status.state, status: answer.status, ...(report !== undefined && { service: report }) };
  }
  const log = readLogEnd(paths.log);
  const lastError = await lastErrorOf(service, log);
  const starting = readStartNotice(paths.dataDirectory);
  const lockPath = join(paths.dataDirectory, 'daybook.lock.owner');
  const state = starting === undefined ? stateOf(report, answer, { log, lastError, lockPath }) : 'starting';
  return {
    state,
    ...(starting !== undefined && { starting }),
    ...(report !== undefined && { service: report }),
    ...(lastError !== undefined && ['crashed', 'unreachable', 'starting'].includes(state) && { lastError }),
  };
}

function wouldStartIt(report: ServiceReport | undefined): boolean {
  return report?.isListening === true && !['running', 'starting', 'stopping'].includes(report.state);
}

interface Evidence {
  log: LogEnd;
  lastError: ServiceWords | undefined;
  lockPath: string;
}

function stateOf(report: ServiceReport | undefined, answer: StatusAnswer, evidence: Evidence): DaemonState {
  switch (report?.state) {
    case 'running':
      return isStarting(report.pid, evidence) ? 'starting' : 'unreachable';
    case 'failed':
      return 'crashed';
    case 'stopped':
      return endedWithError(report, evidence.lastError) ? 'crashed' : 'stopped';
    case 'starting':
    case 'stopping':
    case 'disabled':
      return report.state;
    default:
      return 'without' in answer && answer.without === 'silent' ? 'unreachable' : 'stopped';
  }
}

/** The owner of the lock is written down when a daemon begins to open its database. */
function isStarting(pid: number | undefined, { log, lockPath }: Evidence): boolean {
  if (pid !== undefined && log.readyPid === pid) return false;
  try {
    const owner = Number.parseInt(readFileSync(lockPath, 'utf8'), 10);
    return (pid !== undefined && owner !== pid) || Date.now() - statSync(lockPath).mtimeMs < START_MS;
  } catch {
    return true;
  }
}

/** Where a refusal to start must end with exit code 0, only what it has said tells it from an orderly end. */
function endedWithError(report: ServiceReport, lastError: ServiceWords | undefined): boolean {
  if (lastError === undefined || report.lastExit === undefined) return false;
  return report.endedMs === undefined || Math.abs(report.endedMs - lastError.timeMs) < LAST_WORDS_MS;
}
