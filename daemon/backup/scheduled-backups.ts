import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { noteBackupFailure, readBackupNote } from '../../shared/backup-note.ts';
import { readLastLook } from '../../shared/last-look.ts';
import type { BackupOrder, BackupReport, FromBackup } from '../../shared/messages/backup.ts';
import { realDatabasePath } from '../lifecycle/private-paths.ts';
import { programFile } from '../../shared/program-file.ts';

/** What the configuration says; it may change while the daemon runs. */
export interface BackupSettings {
  /** 0 for none. */
  backupIntervalMs: number;
  backupsKept: number;
  paths: { backups: string };
}

export interface ScheduledBackupsOptions {
  databasePath: string;
  databaseId: string;
  settings: () => BackupSettings;
  onDone: (report: BackupReport) => void;
  onFailed: (reason: string) => void;
}

/** After a failure the next attempt comes this much later, whatever the interval. */
const RETRY_MS = 3_600_000;

/**
 * Has a backup made when one is due, in a process of its own. When the last was made stands in a note beside the database,
 * with those that were made by hand: a restart neither skips nor repeats one.
 *
 * States: waiting, making (there is a process), closed. It has no timer: whoever is awake anyway calls `look`.
 */
export class ScheduledBackups {
  readonly #options: ScheduledBackupsOptions;
  #process: ChildProcess | undefined;
  #isClosed = false;

  /** @param options of a daemon that holds the lock of its database: what a killed restore has left is in nobody's way */
  constructor(options: ScheduledBackupsOptions) {
    this.#options = options;
    const restored = `${realDatabasePath(options.databasePath)}.restore`;
    for (const suffix of ['', '-journal']) rmSync(restored + suffix, { force: true });
  }

  /** When the next one is due, ms since 1970; undefined when none is made by itself. */
  get dueMs(): number | undefined {
    const { databasePath, databaseId, settings } = this.#options;
    const { backupIntervalMs } = settings();
    if (backupIntervalMs === 0) return undefined;
    const { last, failure } = readBackupNote(databasePath, databaseId);
    if (failure !== null) return failure.at * 1000 + Math.min(RETRY_MS, backupIntervalMs);
    return last === null ? 0 : last.at * 1000 + backupIntervalMs;
  }

  /** Begins one when it is due. A time in the future that no interval explains is that of a clock that was wrong. */
  look(nowMs: number): void {
    const due = this.dueMs;
    if (due === undefined || this.#process !== undefined || this.#isClosed) return;
    if (due <= nowMs || due > nowMs + this.#options.settings().backupIntervalMs) this.#make();
  }

  /** Ends one that is being made. What it has written is removed, now or with the next. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#process;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const killed = setTimeout(() => child.kill('SIGKILL'), 500);
    await once(child, 'exit');
    clearTimeout(killed);
  }

  #make(): void {
    const { databasePath, databaseId, settings, onDone, onFailed } = this.#options;
    const { backupsKept, paths } = settings();
    // While the history is known to be damaged, the backups of better days stay.
    const isSound = readLastLook(databasePath)?.sound !== false;
    const order: BackupOrder = {
      databasePath,
      file: undefined,
      directory: paths.backups,
      isReplacing: false,
      kept: isSound ? backupsKept : undefined,
    };
    const child = fork(fileURLToPath(programFile('daemon/backup/backup-process')), [JSON.stringify(order)], {
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=128'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#process = child;
    let last: FromBackup<BackupReport> | undefined;
    child.on('message', (message: FromBackup<BackupReport>) => (last = message));
    const ended = (why: string) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      if (this.#isClosed) return;
      if (last?.kind === 'done') onDone(last.report);
      else {
        const reason = last?.kind === 'failed' ? last.error.message : why;
        noteBackupFailure(databasePath, databaseId, reason);
        onFailed(reason);
      }
    };
    child.on('error', (error) => ended(`the process that makes it failed: ${error.message}`));
    child.on('exit', (exitCode, signal) => ended(`the process that makes it ended (${signal ?? exitCode})`));
  }
}
