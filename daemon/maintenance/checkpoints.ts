import type { Database, Statement } from 'better-sqlite3';
import { limits } from '../../shared/limits.ts';

interface Progress {
  busy: number;
  /** Pages in the log. */
  log: number;
  /** Of these, pages that are in the database too. */
  checkpointed: number;
}

/** Quiet time after the last commit before the write-ahead log is folded into the database. */
const IDLE_CHECKPOINT_MS = 30_000;
/** Commits after which the length of the log is looked at: one of 1,000 events adds some 100 pages. */
const LOOK_AFTER_COMMITS = 4;

/**
 * Moves the write-ahead log into the database: a part at a time while events come, all of it once it is quiet. SQLite's
 * own rule would do so inside a COMMIT, before the receipts, and keep quiet about a disk that fails.
 */
export class Checkpoints {
  readonly #db: Database;
  readonly #onFailure: (error: unknown) => void;
  readonly #onDone: () => void;
  readonly #look: Statement<[], Progress>;
  #commits = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  /** @param onDone told when pages of the log were moved */
  constructor(db: Database, onFailure: (error: unknown) => void, onDone: () => void = () => undefined) {
    this.#db = db;
    this.#onFailure = onFailure;
    this.#onDone = onDone;
    db.pragma('wal_autocheckpoint = 0');
    this.#look = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    // There may be a log of a process that was killed.
    this.#startIdleTimer();
  }

  /** Call after each commit, once its receipts are on their way. */
  noteCommit(): void {
    this.#startIdleTimer();
    this.#commits += 1;
    if (this.#commits >= LOOK_AFTER_COMMITS) this.#keepShort();
  }

  /** Call after each slice of housekeeping: one of a fast disk may be worth many commits. */
  noteSlice(): void {
    this.#startIdleTimer();
    this.#keepShort();
  }

  stop(): void {
    clearTimeout(this.#idleTimer);
  }

  #keepShort(): void {
    this.#commits = 0;
    try {
      const progress = this.#look.get();
      if (progress === undefined || progress.log - progress.checkpointed < limits.checkpointPages) return;
    } catch (error) {
      this.#onFailure(error);
      return;
    }
    this.#run('PASSIVE');
  }

  #startIdleTimer(): void {
    if (this.#idleTimer !== undefined) this.#idleTimer.refresh();
    else this.#idleTimer = setTimeout(() => this.#run('TRUNCATE'), IDLE_CHECKPOINT_MS).unref();
  }

  /** A reader in the way is not waited for. */
  #run(mode: 'PASSIVE' | 'TRUNCATE'): void {
    const busyTimeoutMs = Number(this.#db.pragma('busy_timeout', { simple: true }));
    try {
      this.#db.pragma('busy_timeout = 0');
      const [progress] = this.#db.pragma(`wal_checkpoint(${mode})`) as Progress[];
      if (progress?.busy === 0) this.#onDone();
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    }
  }
}
