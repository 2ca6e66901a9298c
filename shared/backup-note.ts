import type { BackupReport } from './messages/backup.ts';
import { readNote, writeNote } from './note-file.ts';

/** What became of the backups of a database. Times are seconds since 1970. */
export interface BackupNote {
  /** The newest that was made and found good. */
  readonly last: ({ readonly at: number } & BackupReport) | null;
  /** The last that failed, when it was a scheduled one and none was made since. */
  readonly failure: { readonly at: number; readonly reason: string } | null;
}

const NOTHING: BackupNote = { last: null, failure: null };

const pathFor = (databasePath: string) => `${databasePath}.backups`;

/** @param databaseId undefined to take the note of whatever database is there */
export function readBackupNote(databasePath: string, databaseId: string | undefined): BackupNote {
  const note = readNote(pathFor(databasePath));
  if (note === undefined || (databaseId !== undefined && note['database_id'] !== databaseId)) return NOTHING;
  const { last, failure } = note as Partial<BackupNote>;
  return {
    last: typeof last?.at === 'number' && typeof last.file === 'string' ? last : null,
    failure: typeof failure?.at === 'number' ? failure : null,
  };
}

/** A directory that cannot be written does not make the backup itself worth less. */
export function noteBackup(databasePath: string, databaseId: string, last: NonNullable<BackupNote['last']>): void {
  write(databasePath, { database_id: databaseId, last, failure: null });
}

export function noteBackupFailure(databasePath: string, databaseId: string, reason: string): void {
  const { last } = readBackupNote(databasePath, databaseId);
  write(databasePath, { database_id: databaseId, last, failure: { at: Date.now() / 1000, reason } });
}

function write(databasePath: string, note: BackupNote & { database_id: string }): void {
  try {
    writeNote(pathFor(databasePath), note);
  } catch (error) {
    process.emitWarning(`what became of the backup is not noted: ${(error as Error).message}`);
  }
}
