import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { Marker } from '../../../daemon/storage/marker.ts';
import { openWriter } from '../../../daemon/storage/open-database.ts';
import { backToFirstSchema } from '../../harness/first-schema.ts';
import { overwritePage, pageOf } from '../../harness/damaged-pages.ts';
import { GuardedTrial } from '../../harness/guarded-trial.ts';

const DAY = 86_400;

describe('openGuarded', () => {
  test('makes a new database, and a marker that follows what is acknowledged', () => {
    using trial = new GuardedTrial();
    trial.open();
    const { databaseId } = trial;
    assert.deepEqual(trial.marked, { databaseId, lastId: 0, isSuspect: false, setAside: null });
    trial.append(1, 5);
    assert.equal(trial.marked?.lastId, 5);
    trial.close();
    trial.open();
    assert.equal(trial.databaseId, databaseId);
    assert.deepEqual([trial.marked?.lastId, trial.gaps(), trial.notices], [5, [], []]);
  });

  test('takes a database that has no marker, and one whose marker cannot be read', () => {
    for (const text of [undefined, '', '\0\0\0\0\0\0']) {
      using trial = new GuardedTrial();
      trial.open();
      trial.append(1, 5);
      const { databaseId } = trial;
      trial.close();
      if (text === undefined) rmSync(trial.markerPath);
      else writeFileSync(trial.markerPath, text);
      trial.open();
      assert.deepEqual([trial.databaseId, trial.marked?.lastId, trial.gaps()], [databaseId, 5, []]);
    }
  });

  test('a backup that was copied over the database of a killed daemon does not get its log laid over', async () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 5);
    trial.checkpoint();
    const backup = `${trial.path}.backup`;
    await trial.db.backup(backup);
    const plain = new Sqlite(backup);
    // As `daybook backup` leaves it: a file without a log.
    plain.pragma('journal_mode = DELETE');
    plain.close();
    trial.append(6, 9);
    trial.crash();
    copyFileSync(backup, trial.path);

    trial.open();
    const kept = readdirSync(trial.directory).filter((name) => /\.orphaned-\w+-wal$/.test(name));
    assert.equal(kept.length, 1);
    assert.match(trial.notices[0]?.[0] ?? '', /a backup was copied over the database/);
    assert.deepEqual(
      trial.gaps().map(({ count, reason }) => [count, reason]),
      [[4, 'lost_after_commit']],
    );
    assert.equal(trial.append(10, 10), 10, 'no id is given twice');
    assert.equal(trial.db.pragma('integrity_check', { simple: true }), 'ok');
  });

  test('refuses a missing or an emptied database, and makes none', () => {
    for (const [take, message] of [
      [rmSync, /events\.db is missing.*daybook daemon --init$/],
      [truncateSync, /events\.db is empty.*daybook daemon --init$/],
    ] as const) {
      using trial = new GuardedTrial();
      trial.open();
      trial.append(1, 5);
      trial.close();
      take(trial.path);
      const before = readdirSync(trial.directory);
      assert.throws(() => trial.open(), { code: 'missing_database', retryable: false, message });
      assert.throws(() => trial.open(), { code: 'missing_database' });
      assert.deepEqual([readdirSync(trial.directory), existsSync(trial.path)], [before, take === truncateSync]);
      assert.equal(Marker.read(trial.markerPath)?.lastId, 5);
    }
  });

  test('refuses a missing database also when its marker cannot be read', () => {
    using trial = new GuardedTrial();
    writeFileSync(trial.markerPath, '\0\0\0\0');
    assert.throws(() => trial.open(), { code: 'missing_database' });
  });

  test('begins anew when it is told to, and keeps the log of what is gone', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 5);
    const { databaseId } = trial;
    const log = readFileSync(`${trial.path}-wal`);
    trial.close();
    rmSync(trial.path);
    writeFileSync(`${trial.path}-wal`, log);
    trial.open({ init: true });
    assert.notEqual(trial.databaseId, databaseId);
    assert.deepEqual([trial.marked?.databaseId, trial.marked?.lastId], [trial.databaseId, 0]);
    const [kept] = readdirSync(trial.directory).filter((file) => file.includes('.orphaned-'));
    assert.match(kept ?? '', /^events\.db\.orphaned-\d{8}T\d{6}Z-wal$/);
    assert.ok(readFileSync(`${trial.directory}/${kept}`).equals(log));
    assert.deepEqual(trial.notices, [
      ['the log of a database that is gone was kept', { at: `${trial.directory}/${kept}` }],
    ]);
  });

  test('takes a database as it is when it is told to', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 5);
    trial.close();
    Marker.write(trial.markerPath, { databaseId: 'another', lastId: 99, isSuspect: false, setAside: null }).close();
    trial.open({ init: true });
    assert.deepEqual([trial.marked?.lastId, trial.gaps()], [5, []]);
  });

  test('refuses another database, and leaves it as it is', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 5);
    trial.close();
    using other = new GuardedTrial();
    other.open();
    other.append(1, 3);
    other.close();
    // Of an older schema: it would be brought up to date.
    const db = new Sqlite(other.path);
    backToFirstSchema(db);
    db.close();
    renameSync(other.path, trial.path);
    const bytes = readFileSync(trial.path);
    assert.throws(() => trial.open(), {
      code: 'missing_database',
      message: /another database .*daybook daemon --init$/,
    });
    assert.ok(readFileSync(trial.path).equals(bytes));
  });

  test('refuses what is of a newer daybook or another program, and leaves it as it is', () => {
    for (const [pragma, code] of [
      ['user_version = 999', 'newer_schema'],
      ['application_id = 1', 'foreign_database'],
    ] as const) {
      using trial = new GuardedTrial();
      trial.open();
      trial.append(1, 5);
      trial.close();
      const db = new Sqlite(trial.path);
      db.pragma(pragma);
      db.close();
      const bytes = readFileSync(trial.path);
      assert.throws(() => trial.open(), { code });
      assert.ok(readFileSync(trial.path).equals(bytes), code);
      assert.deepEqual([trial.asides(), trial.notices], [[], []]);
    }
  });

  test('finds out that acknowledged events are gone, says it once, and gives their ids to no others', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 5, 1_000);
    trial.checkpoint();
    trial.append(6, 12, 2_000);
    trial.crash();
    rmSync(`${trial.path}-wal`);
    const untilSeconds = statSync(trial.markerPath).mtimeMs / 1000;
    trial.open();
    assert.equal(trial.marked?.lastId, 12);
    const lost = { count: 7, since: 1_000, until: untilSeconds, reason: 'lost_after_commit' };
    assert.deepEqual(trial.gaps(), [lost]);
    assert.deepEqual(trial.notices, [['events that were acknowledged are not there any more', lost]]);
    assert.equal(trial.append(20, 20), 13);
    trial.close();
    trial.notices.length = 0;
    trial.open();
    assert.deepEqual([trial.gaps(), trial.notices], [[lost], []]);
  });

  test('is not surprised that retention took the newest event', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 5);
    trial.db.exec('DELETE FROM event');
    trial.close();
    trial.open();
    assert.deepEqual([trial.gaps(), trial.append(1, 1)], [[], 6]);
  });

  test('looks through the whole file when it was told to, and no longer once that is done', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 5);
    trial.marker.suspect();
    trial.close();
    trial.open();
    assert.deepEqual([trial.marked?.isSuspect, trial.notices, trial.gaps()], [false, [], []]);
  });

  test('sets a damaged database aside whole, with all its bytes, and goes on with what can be read of it', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 2_000);
    const { databaseId } = trial;
    const page = pageOf(trial.db, 'event', 3);
    trial.marker.suspect();
    trial.checkpoint();
    // The log holds more.
    trial.append(2_001, 2_010);
    trial.crash();
    overwritePage(trial.path, page);
    const database = readFileSync(trial.path);
    const log = readFileSync(`${trial.path}-wal`);

    trial.open();
    const [aside] = trial.asides();
    assert.match(basename(aside ?? ''), /^events\.db\.corrupt-\d{8}T\d{6}Z$/);
    assert.ok(readFileSync(aside ?? '').equals(database));
    assert.ok(readFileSync(`${aside}-wal`).equals(log));
    assert.equal(trial.databaseId, databaseId);
    assert.deepEqual(trial.marked, { databaseId, lastId: 2_010, isSuspect: false, setAside: null });
    const kept = Number(trial.db.prepare('SELECT count(*) FROM event').pluck().get());
    assert.ok(kept > 1_900 && kept < 2_010, `${kept} kept`);
    const gaps = trial.gaps();
    assert.equal(
      gaps.reduce((sum, gap) => sum + gap.count, 0),
      2_010 - kept,
    );
    assert.ok(gaps.every(({ reason }) => reason === 'damaged'));
    assert.equal(trial.append(3_000, 3_000), 2_011);
    assert.deepEqual(
      trial.notices.map(([message]) => message),
      [
        'the database is damaged',
        'the damaged database was set aside, whole',
        'what could be read of the damaged database is back',
      ],
    );
    trial.close();
    trial.open();
    assert.equal(trial.asides().length, 1);
  });

  test('sees that a file ends before its last page, without being told', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 2_000);
    trial.close();
    truncateSync(trial.path, statSync(trial.path).size - 10 * 4_096 - 100);
    trial.open();
    assert.equal(trial.asides().length, 1);
    const kept = Number(trial.db.prepare('SELECT count(*) FROM event').pluck().get());
    assert.ok(kept > 1_000, `${kept} kept`);
    assert.equal(
      trial.gaps().reduce((sum, gap) => sum + gap.count, 0),
      2_000 - kept,
    );
  });

  test('goes on with nothing when nothing can be read, but with its id and its count', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.append(1, 50);
    const { databaseId } = trial;
    trial.close();
    const bytes = Buffer.alloc(statSync(trial.path).size, 0xa5);
    writeFileSync(trial.path, bytes);
    trial.open();
    assert.ok(readFileSync(trial.asides()[0] ?? '').equals(bytes));
    assert.deepEqual([trial.databaseId, trial.marked?.lastId], [databaseId, 50]);
    const [gap, ...more] = trial.gaps();
    assert.deepEqual([gap?.count, gap?.reason, more], [0, 'damaged', []], 'nobody can tell how many');
    assert.ok((gap?.since ?? 1) === 0 && (gap?.until ?? 0) > Date.now() / 1000 - DAY);
    assert.equal(trial.append(1, 1), 51);
  });

  test('sets nothing aside that it does not know to be its own', () => {
    using trial = new GuardedTrial();
    const bytes = Buffer.from('a diary, and no database\n'.repeat(1_000));
    writeFileSync(trial.path, bytes);
    assert.throws(() => trial.open(), { code: 'SQLITE_NOTADB' });
    assert.throws(() => trial.open({ init: true }), { code: 'SQLITE_NOTADB' });
    assert.ok(readFileSync(trial.path).equals(bytes));
    assert.deepEqual(readdirSync(trial.directory), ['events.db']);
  });

  test('leaves the database closed when it refuses it', () => {
    using trial = new GuardedTrial();
    trial.open();
    trial.close();
    Marker.write(trial.markerPath, { databaseId: 'another', lastId: 0, isSuspect: false, setAside: null }).close();
    assert.throws(() => trial.open(), { code: 'missing_database' });
    const db = openWriter(trial.path);
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE; COMMIT');
    db.close();
  });
});
