import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from './is-running.ts';
import { readNote, writeNote } from './note-file.ts';

/** What a daemon is at that starts and does not listen yet. */
export interface StartNotice {
  pid: number;
  /** Seconds since 1970: when the start began, and when the daemon was last alive. */
  started: number;
  at: number;
  /** For people: `bringing the database from schema 3 to 4`. */
  doing: string;
  /** How far that is, 0 to 1; null where nobody can tell. */
  share: number | null;
}

/** A daemon that starts says so once a second; one that has not for so long does not start any more. */
const FRESH_SECONDS = 10;

const pathFor = (dataDirectory: string) => join(dataDirectory, 'daybook.starting');

export function writeStartNotice(dataDirectory: string, notice: StartNotice): void {
  writeNote(pathFor(dataDirectory), notice);
}

export function removeStartNotice(dataDirectory: string): void {
  rmSync(pathFor(dataDirectory), { force: true });
}

/** What the daemon says that starts here now; undefined when none does, or it has only just begun. */
export function readStartNotice(dataDirectory: string): StartNotice | undefined {
  const notice = readNote(pathFor(dataDirectory)) as Partial<StartNotice> | undefined;
  const { pid, started, at, doing } = notice ?? {};
  if (typeof pid !== 'number' || typeof started !== 'number' || typeof at !== 'number' || typeof doing !== 'string') {
    return undefined;
  }
  if (Math.abs(Date.now() / 1000 - at) > FRESH_SECONDS || !isRunning(pid)) return undefined;
  return { pid, started, at, doing, share: typeof notice?.share === 'number' ? notice.share : null };
}
