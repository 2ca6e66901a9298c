import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ScheduledBackups } from '../../../daemon/backup/scheduled-backups.ts';
import { readBackupNote } from '../../../shared/backup-note.ts';
import { noteLook } from '../../../shared/last-look.ts';
import type { BackupReport } from '../../../shared/messages/backup.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { waitFor } from '../../harness/wait-for.ts';

const HOUR_MS = 3_600_000;
const event = (n: number) => ({ type: 't', source: 's', timestamp: n });

class Trial {
  readonly database = new TemporaryDatabase();
  readonly directory = join(this.database.directory, 'backups');
  readonly databaseId = String(
    this.database.db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get(),
  );
  settings = { backupIntervalMs: HOUR_MS, backupsKept: 2, paths: { backups: this.directory } };
  readonly made: BackupReport[] = [];
  readonly failures: string[] = [];
  backups = this.open();

  open(): ScheduledBackups {
    return new ScheduledBackups({
      databasePath: this.database.path,
      databaseId: this.databaseId,
      settings: () => this.settings,
      onDone: (report) => this.made.push(report),
      onFailed: (reason) => this.failures.push(reason),
    });
  }

  /** Looks at this time, and waits for what comes of it. */
  async make(nowMs: number): Promise<void> {
    const before = this.made.length + this.failures.length;
    this.backups.look(nowMs);
    this.backups.look(nowMs);
    await waitFor('the end of a backup', () => this.made.length + this.failures.length > before);
    assert.equal(this.made.length + this.failures.length, before + 1, 'one at a time');
  }

  get names(): string[] {
    return readdirSync(this.directory).toSorted();
  }

  get note() {
    return readBackupNote(this.database.path, this.databaseId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backups.close();
    this.database[Symbol.dispose]();
  }
}

describe('ScheduledBackups', () => {
  test('makes one when none is known, the next an interval later, and keeps the newest', async () => {
    await using trial = new Trial();
    trial.database.append([event(1), event(2)]);
    writeFileSync(`${trial.database.path}.restore`, 'left by a restore that was killed');
    trial.backups = trial.open();
    trial.settings = { ...trial.settings, backupIntervalMs: 0 };
    trial.backups.look(Date.now());
    assert.equal(trial.backups.dueMs, undefined);
    trial.settings = { ...trial.settings, backupIntervalMs: HOUR_MS };
    await trial.make(Date.now());
    assert.deepEqual([trial.failures, trial.made[0]?.events, trial.names.length], [[], 2, 1]);
    assert.deepEqual(
      trial.names.map((name) => join(trial.directory, name)),
      [trial.note.last?.file],
    );

    // A restart knows of it.
    trial.backups = trial.open();
    const due = trial.backups.dueMs ?? assert.fail('another is due');
    assert.ok(Math.abs(due - Date.now() - HOUR_MS) < 60_000);
    trial.backups.look(due - 1);
    const mine = join(trial.directory, 'mine.db');
    writeFileSync(mine, '');
    const [oldest] = trial.names;
    await trial.make(due);
    await trial.make(due + HOUR_MS);
    assert.equal(trial.names.length, 3, 'two, and what is no backup of ours');
    assert.ok(!trial.names.includes(oldest ?? '') && trial.names.includes('mine.db'));

    // What is known to be damaged does not push out what may be whole.
    noteLook(trial.database.path, { database_id: trial.databaseId, at: 1, checked: 2, sound: false });
    await trial.make(due + 2 * HOUR_MS);
    assert.equal(trial.names.length, 4);
    assert.ok(!readdirSync(trial.database.directory).includes('events.db.restore'));
  });

  test('notes a failure beside the last success, and tries again an hour later', async () => {
    await using trial = new Trial();
    trial.database.append([event(1)]);
    trial.settings = { ...trial.settings, backupIntervalMs: 24 * HOUR_MS };
    await trial.make(Date.now());
    const { last } = trial.note;
    rmSync(trial.directory, { recursive: true });
    writeFileSync(trial.directory, 'no directory');
    const due = trial.backups.dueMs ?? assert.fail('another is due');
    await trial.make(due);
    assert.match(trial.failures[0] ?? '', /EEXIST|no directory/);
    assert.deepEqual([trial.note.last, trial.note.failure?.reason], [last, trial.failures[0]]);
    const retry = trial.backups.dueMs ?? assert.fail('another is due');
    assert.ok(Math.abs(retry - Date.now() - HOUR_MS) < 60_000, 'by the clock of the attempt');
    rmSync(trial.directory);
    mkdirSync(trial.directory, { mode: 0o700 });
    await trial.make(retry);
    assert.deepEqual([trial.made.length, trial.note.failure], [2, null]);
  });

  test('a note from the future is that of a clock that was wrong, and one of another database says nothing', async () => {
    await using trial = new Trial();
    trial.database.append([event(1)]);
    await trial.make(Date.now());
    await trial.make(Date.now() - 48 * HOUR_MS);
    const path = `${trial.database.path}.backups`;
    const note = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...note, database_id: 'another' }));
    assert.equal(trial.backups.dueMs, 0);
    writeFileSync(path, '{"last":');
    assert.equal(trial.backups.dueMs, 0);
  });

  test('one that is being made ends with the daemon and leaves nothing', async () => {
    await using trial = new Trial();
    trial.database.append([event(1)]);
    trial.backups.look(Date.now());
    await trial.backups.close();
    assert.deepEqual([trial.made, trial.failures], [[], []]);
    trial.backups.look(Date.now());
    trial.backups = trial.open();
    await trial.make(Date.now());
    assert.deepEqual(trial.names.length, 1);
  });
});
