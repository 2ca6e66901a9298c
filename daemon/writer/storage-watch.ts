import Sqlite from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import type { StorageState } from '../../shared/messages/status.ts';
import type { FileIdentity } from '../storage/file-identity.ts';
import type { Marker } from '../storage/marker.ts';
import type { StorageFailure } from '../storage/storage-failure.ts';
import type { FromWriter } from './writer-messages.ts';

export interface StorageWatchOptions {
  marker: Marker;
  files: FileIdentity;
  log: (level: 'warn' | 'error', message: string, details?: { [name: string]: unknown }) => void;
  tell: (message: FromWriter) => void;
}

/**
 * Decides what a commit, or its failure, means for the daemon.
 *
 * States: ok; full (commits fail for want of room, and each new one tries again); over (told `fatal`, the process is about
 * to end).
 */
export class StorageWatch {
  readonly #options: StorageWatchOptions;
  #state: StorageState | 'over' = 'ok';
  #walAlarmBytes: number = limits.walAlarmBytes;

  constructor(options: StorageWatchOptions) {
    this.#options = options;
  }

  /**
   * Call after COMMIT, before anybody is told.
   * @throws DaybookError missing_database when the files are not those that were opened
   */
  committed(lastId: number): void {
    const { files, marker } = this.#options;
    files.check();
    try {
      marker.remember(lastId);
    } catch (error) {
      this.#options.log('warn', 'the marker could not be written', { error: String(error) });
    }
    if (this.#state === 'disk_full') this.#enter('ok', 'there is room on the disk again');
    if (files.walBytes > this.#walAlarmBytes) {
      this.#walAlarmBytes = files.walBytes * 2;
      const details = { bytes: files.walBytes };
      this.#options.log('warn', 'the write-ahead log grows: another program holds the database open', details);
    }
  }

  /** @param what was tried: a commit, a checkpoint, … */
  failed(what: string, failure: StorageFailure, error: unknown): void {
    const { log, marker, tell } = this.#options;
    const reason = describe(error);
    if (failure === 'full') {
      if (this.#state === 'ok') this.#enter('disk_full', 'the disk is full: nothing is stored until there is room');
    } else if (failure === 'passing') log('error', `${what} failed`, { error: reason });
    else if (this.#state !== 'over') {
      this.#state = 'over';
      // Files that somebody touched are looked through as well, should they be there again.
      if (failure === 'damaged' || error instanceof DaybookError) marker.suspect();
      const fatal =
        error instanceof DaybookError
          ? error
          : new DaybookError('storage_error', `${what} failed: ${reason}`, { cause: error });
      tell({ kind: 'fatal', error: errorBody(fatal) });
    }
  }

  #enter(state: StorageState, message: string): void {
    this.#state = state;
    this.#options.log('warn', message);
    this.#options.tell({ kind: 'storage', state });
  }
}

/** SQLite's message says little, its code says which call failed. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof Sqlite.SqliteError ? `${error.code}: ${error.message}` : error.message;
}
