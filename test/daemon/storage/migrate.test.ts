import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dumpSchema } from '../../../daemon/storage/dump-schema.ts';
import { migrate, migrations } from '../../../daemon/storage/migrate.ts';
import { applicationId } from '../../../shared/database-format.ts';
import { openReader, openWriter } from '../../../daemon/storage/open-database.ts';
import { DaybookError, type ErrorCode } from '../../../shared/errors.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

/** Of a file's bytes; a write-ahead log that is not there counts as the empty one it stands for. */
function hashOf(path: string): string {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  return createHash('sha256').update(bytes).digest('hex');
}

function refusesUntouched(path: string, code: ErrorCode): void {
  const files = [path, `${path}-wal`];
  const before = files.map(hashOf);
  for (const open of [openWriter, openReader]) {
    assert.throws(
      () => open(path),
      (error) => error instanceof DaybookError && error.code === code && error.message.includes(path),
    );
    assert.deepEqual(files.map(hashOf), before);
  }
}

describe('migrate', () => {
  test('makes a fresh database ours, with an id and a counter at 0', () => {
    using database = new TemporaryDatabase();
    const { db } = database;
    assert.equal(db.pragma('user_version', { simple: true }), migrations().length);
    assert.equal(db.pragma('application_id', { simple: true }), applicationId);
    const meta = new Map(db.prepare<[], [string, unknown]>('SELECT key, value FROM meta').raw().all());
    assert.match(String(meta.get('database_id')), /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    assert.equal(meta.get('last_id'), 0);
  });

  test('gives two databases two ids', () => {
    using one = new TemporaryDatabase();
    using other = new TemporaryDatabase();
    const id = "SELECT value FROM meta WHERE key = 'database_id'";
    assert.notEqual(one.db.prepare(id).pluck().get(), other.db.prepare(id).pluck().get());
  });

  test('changes nothing when the schema is up to date', () => {
    using database = new TemporaryDatabase();
    database.append([{ type: 'a', source: 'b', timestamp: 1 }]);
    const before = database.dump();
    const schema = database.db.pragma('schema_version', { simple: true });
    migrate(database.db);
    database.reopen();
    assert.deepEqual(database.dump(), before);
    assert.equal(database.db.pragma('schema_version', { simple: true }), schema);
  });

  test('leaves nothing behind when a script fails', () => {
    const db = new Sqlite(':memory:');
    // The script makes tables before this one, and an index after it.
    db.exec('CREATE TABLE rollup (x)');
    assert.throws(() => migrate(db), /rollup already exists/);
    assert.deepEqual(db.prepare('SELECT name FROM sqlite_schema').pluck().all(), ['rollup']);
    assert.equal(db.pragma('user_version', { simple: true }), 0);
    assert.equal(db.pragma('application_id', { simple: true }), 0);
    db.close();
  });

  test('makes the schema that schema.sql shows, byte for byte', () => {
    const file = new URL('../../../daemon/storage/schema.sql', import.meta.url);
    assert.equal(dumpSchema(), readFileSync(file, 'utf8'), 'run: npm run schema > daemon/storage/schema.sql');
  });

  test('numbers its scripts from 1 without a gap', () => {
    assert.deepEqual(
      migrations().map(({ version }) => version),
      migrations().map((_, index) => index + 1),
    );
    assert.ok(migrations().length >= 1);
  });
});

describe('a database that is not for this build', () => {
  const foreign: [string, string][] = [
    ['tables of another program', 'CREATE TABLE notes (text); INSERT INTO notes VALUES (1)'],
    ['tables and an application_id of another program', 'PRAGMA application_id = 7; CREATE TABLE notes (text)'],
    ['no tables, but a version that is not ours', 'PRAGMA application_id = 7; PRAGMA user_version = 1'],
    ['tables that are named like ours', 'CREATE TABLE event (id); CREATE TABLE meta (key, value)'],
  ];
  for (const [what, sql] of foreign) {
    test(`is refused untouched: ${what}`, () => {
      using home = temporaryHome();
      const path = join(home.path, 'events.db');
      const db = new Sqlite(path);
      db.exec(sql);
      db.close();
      refusesUntouched(path, 'foreign_database');
    });
  }

  test('is refused untouched: a newer schema', () => {
    using database = new TemporaryDatabase();
    database.db.pragma('user_version = 999');
    database.db.close();
    refusesUntouched(database.path, 'newer_schema');
  });

  test('is refused untouched: a newer schema whose daemon was killed, with its write-ahead log', () => {
    using database = new TemporaryDatabase();
    database.append([{ type: 'a', source: 'b', timestamp: 1 }]);
    database.db.pragma('user_version = 999');
    // What a kill leaves: the files as they are while the database is open.
    const path = join(database.directory, 'killed.db');
    copyFileSync(database.path, path);
    copyFileSync(`${database.path}-wal`, `${path}-wal`);
    refusesUntouched(path, 'newer_schema');
  });

  test('is refused untouched: no database at all', () => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    writeFileSync(path, Buffer.alloc(8192, 'not a database. '));
    const before = hashOf(path);
    assert.throws(() => openWriter(path), { code: 'SQLITE_NOTADB' });
    assert.equal(hashOf(path), before);
  });
});
