import { readBackupNote } from '../../shared/backup-note.ts';
import { readLastLook, readUnderWay } from '../../shared/last-look.ts';
import type { BackupStatus, IntegrityStatus } from '../../shared/messages/status.ts';
import type { WalkResult } from '../verify/verify-messages.ts';
import { VerifySchedule } from '../verify/verify-schedule.ts';
import { type BackupSettings, ScheduledBackups } from './scheduled-backups.ts';

export interface HistoryCareOptions {
  databasePath: string;
  databaseId: string;
  /** Asked each time: it may change. */
  settings: () => BackupSettings & { verifyIntervalMs: number };
  log: (level: 'info' | 'warn' | 'error', message: string, details: { [name: string]: unknown }) => void;
  /** The file is not built as it must be. */
  onDamage: () => void;
  /** The search index does not agree with the events. */
  onWrongIndex: () => void;
}

/** What the daemon does by itself so that a history lasts: scheduled backups, and looks through all events. */
export class HistoryCare {
  readonly #options: HistoryCareOptions;
  readonly #backups: ScheduledBackups;
  readonly #looks: VerifySchedule;

  constructor(options: HistoryCareOptions) {
    const { databasePath, databaseId, settings, log } = options;
    this.#options = options;
    this.#backups = new ScheduledBackups({
      databasePath,
      databaseId,
      settings,
      onDone: ({ bytes, events, duration_ms }) => log('info', 'a backup was made', { bytes, events, duration_ms }),
      onFailed: (reason) => log('error', 'no backup could be made; the next attempt is in an hour', { reason }),
    });
    this.#looks = new VerifySchedule({
      databasePath,
      databaseId,
      intervalMs: () => settings().verifyIntervalMs,
      onDone: (result) => this.#looked(result),
      onFailed: (reason, isDamaged) => {
        log('error', 'the events could not be looked through; the next attempt is in an hour', { reason });
        if (isDamaged) options.onDamage();
      },
    });
  }

  /** Begins what is due. Call it now and then, when the daemon is awake anyway. */
  look(nowMs: number): void {
    this.#backups.look(nowMs);
    this.#looks.look(nowMs);
  }

  status(): { backup: BackupStatus; integrity: IntegrityStatus } {
    const { databasePath, databaseId } = this.#options;
    const { last, failure } = readBackupNote(databasePath, databaseId);
    const look = readLastLook(databasePath);
    const known = look?.database_id === databaseId ? look : undefined;
    return {
      backup: {
        at: last?.at ?? null,
        file: last?.file ?? null,
        events: last?.events ?? null,
        failed_at: failure?.at ?? null,
        reason: failure?.reason ?? null,
        next: nextSeconds(this.#backups.dueMs),
      },
      integrity: {
        at: known?.at ?? null,
        sound: known?.sound ?? null,
        checked: known?.checked ?? null,
        damaged: known?.damaged ?? [],
        under_way: readUnderWay(databasePath, databaseId)?.checked ?? null,
        next: nextSeconds(this.#looks.dueMs),
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#backups.close(), this.#looks.close()]);
  }

  #looked({ started, checked, damaged, structure, wrong }: WalkResult): void {
    const { log, onDamage, onWrongIndex } = this.#options;
    const seconds = Math.round(Date.now() / 1000 - started);
    if (damaged.length === 0 && structure === 'ok') log('info', 'all events were looked through', { checked, seconds });
    else {
      const message = 'damage was found in the events or their file; daybook verify names it';
      log('error', message, { checked, damaged: damaged.length, structure });
    }
    if (structure !== 'ok') onDamage();
    if (wrong.length > 0) onWrongIndex();
  }
}

/** What is overdue is due now. */
function nextSeconds(dueMs: number | undefined): number | null {
  return dueMs === undefined ? null : Math.max(dueMs, Date.now()) / 1000;
}
