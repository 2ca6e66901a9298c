import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { migrations } from '../../../daemon/storage/migrate.ts';
import { applicationId } from '../../../shared/database-format.ts';
import { openReader, openWriter, setDurability } from '../../../daemon/storage/open-database.ts';
import { limits } from '../../../shared/limits.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const INCREMENTAL = 2;

describe('openWriter', () => {
  test('makes a fresh file with incremental auto_vacuum and a write-ahead log, for good', () => {
    using database = new TemporaryDatabase();
    // A connection that sets nothing shows what the file says.
    const plain = new Sqlite(database.path, { readonly: true });
    assert.equal(plain.pragma('auto_vacuum', { simple: true }), INCREMENTAL);
    assert.equal(plain.pragma('journal_mode', { simple: true }), 'wal');
    plain.close();
  });

  test('makes a file that really gives pages back', () => {
    using database = new TemporaryDatabase();
    const { db } = database;
    // Each digit of a square root looks random to gzip.
    const data = (n: number) => ({ digits: Array.from({ length: 400 }, (_, index) => Math.sqrt(n * 1000 + index)) });
    database.append(Array.from({ length: 300 }, (_, n) => ({ type: 'a', source: 'b', timestamp: n, data: data(n) })));
    const pages = Number(db.pragma('page_count', { simple: true }));
    db.exec('DELETE FROM event');
    db.pragma('incremental_vacuum');
    db.pragma('wal_checkpoint(TRUNCATE)');
    assert.ok(Number(db.pragma('page_count', { simple: true })) < pages / 2);
    assert.ok(statSync(database.path).size < (pages * 4096) / 2);
  });

  test('keeps a copy of an older database, its log with it, before it changes the schema; once', () => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    const old = new Sqlite(path);
    old.pragma('journal_mode = WAL');
    old.exec(migrations()[0]?.sql ?? '');
    old.exec("INSERT INTO meta VALUES ('database_id', 'x'), ('last_id', 0), ('flushes', 0)");
    old.pragma(`application_id = ${applicationId}`);
    old.pragma('user_version = 1');
    // As after a kill -9: everything is in the log.
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, `${path}.killed${suffix}`);
    old.close();
    for (const suffix of ['', '-wal']) renameSync(`${path}.killed${suffix}`, path + suffix);
    const bytes = ['', '-wal'].map((suffix) => readFileSync(path + suffix));
    openWriter(path).close();
    assert.deepEqual(
      ['', '-wal'].map((suffix) => readFileSync(`${path}.schema-1${suffix}`)),
      bytes,
    );
    const kept = new Sqlite(`${path}.schema-1`);
    assert.equal(kept.pragma('user_version', { simple: true }), 1);
    kept.close();
    const { mtimeMs } = statSync(`${path}.schema-1`);
    openWriter(path).close();
    assert.equal(statSync(`${path}.schema-1`).mtimeMs, mtimeMs);
  });

  test('sets what a commit survives, back and forth', () => {
    using database = new TemporaryDatabase();
    const { db } = database;
    const level = () => ['synchronous', 'fullfsync'].map((name) => db.pragma(name, { simple: true }));
    assert.deepEqual(level(), [1, 0]);
    setDurability(db, 'full');
    assert.deepEqual(level(), [2, 1]);
    setDurability(db, 'normal');
    assert.deepEqual(level(), [1, 0]);
  });

  test('waits for the short write lock of another program, but not as long as a shutdown may take', () => {
    using database = new TemporaryDatabase();
    const timeoutMs = Number(database.db.pragma('busy_timeout', { simple: true }));
    assert.ok(timeoutMs >= 200 && timeoutMs < limits.shutdownMs, `${timeoutMs} ms`);
  });

  test('closes the file when it refuses it', () => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    const other = new Sqlite(path);
    other.exec('CREATE TABLE notes (text)');
    assert.throws(() => openWriter(path));
    // An exclusive lock is only given when nobody else has the file open for reading.
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE; COMMIT');
    other.close();
  });
});

describe('openReader', () => {
  test('reads what is committed, and cannot write', () => {
    using database = new TemporaryDatabase();
    const reader = openReader(database.path);
    database.append([{ type: 'a', source: 'b', timestamp: 1 }]);
    assert.equal(reader.prepare('SELECT count(*) FROM event').pluck().get(), 1);
    assert.throws(() => reader.exec('DELETE FROM event'), /readonly/);
    reader.close();
  });

  test('does not make a file', () => {
    using home = temporaryHome();
    assert.throws(() => openReader(join(home.path, 'events.db')), { code: 'SQLITE_CANTOPEN' });
  });
});
