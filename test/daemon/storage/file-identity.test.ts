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
import { describe, test } from 'node:test';
import { FileIdentity } from '../../../daemon/storage/file-identity.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n });

function opened(): TemporaryDatabase {
  const database = new TemporaryDatabase();
  database.append([event(1)]);
  return database;
}

describe('FileIdentity', () => {
  test('is content while the files are those that were opened, through commits and checkpoints', () => {
    using database = opened();
    const files = new FileIdentity(database.path);
    for (let n = 2; n < 6; n += 1) {
      database.append([event(n)]);
      files.check();
      assert.equal(files.walBytes, statSync(`${database.path}-wal`).size);
      database.db.pragma('wal_checkpoint(TRUNCATE)');
      files.check();
      assert.equal(files.walBytes, 0);
    }
  });

  test('notices that the log is gone, or is another file', () => {
    using database = opened();
    const log = `${database.path}-wal`;
    const files = new FileIdentity(database.path);
    renameSync(log, `${log}.away`);
    const gone = { code: 'missing_database', message: /events\.db-wal was deleted/ };
    assert.throws(() => files.check(), gone);
    assert.throws(() => files.check(), gone);
    copyFileSync(`${log}.away`, log);
    assert.throws(() => files.check(), { code: 'missing_database', message: /events\.db-wal is another file/ });
    renameSync(`${log}.away`, log);
    files.check();
  });

  test('notices that the database is gone, and leaves its log for when it comes back', () => {
    using database = opened();
    const { path } = database;
    const files = new FileIdentity(path);
    renameSync(path, `${path}.away`);
    assert.throws(() => files.check(), { code: 'missing_database', message: /events\.db was deleted/ });
    assert.ok(existsSync(`${path}-wal`));
    renameSync(`${path}.away`, path);
    files.check();
  });

  test('notices that the database is another one, and puts its own log out of the way of that', () => {
    using database = opened();
    const { path } = database;
    const files = new FileIdentity(path);
    const bytes = readFileSync(`${path}-wal`);
    renameSync(path, `${path}.away`);
    copyFileSync(`${path}.away`, path);
    assert.throws(() => files.check(), { code: 'missing_database', message: /events\.db is another file/ });
    assert.throws(() => files.check(), { code: 'missing_database', message: /events\.db is another file/ });
    assert.equal(existsSync(`${path}-wal`), false);
    const kept = readdirSync(database.directory).filter((file) => /^events\.db\.orphaned-\d{8}T\d{6}Z-wal$/.test(file));
    assert.equal(kept.length, 1);
    assert.ok(readFileSync(`${database.directory}/${kept[0]}`).equals(bytes));
  });

  test('notices that the database was emptied', () => {
    using database = opened();
    const files = new FileIdentity(database.path);
    const bytes = readFileSync(database.path);
    truncateSync(database.path);
    assert.throws(() => files.check(), { code: 'missing_database', message: /events\.db was emptied/ });
    writeFileSync(database.path, bytes);
    files.check();
  });

  test('leaves a log alone that came with the other database', () => {
    using database = opened();
    const { path } = database;
    const files = new FileIdentity(path);
    for (const suffix of ['', '-wal']) {
      renameSync(path + suffix, `${path}${suffix}.away`);
      copyFileSync(`${path}${suffix}.away`, path + suffix);
    }
    assert.throws(() => files.check(), { code: 'missing_database', message: /events\.db is another file/ });
    assert.ok(existsSync(`${path}-wal`));
    rmSync(`${path}-wal`);
    assert.throws(() => files.check(), { code: 'missing_database', message: /events\.db is another file/ });
  });
});
