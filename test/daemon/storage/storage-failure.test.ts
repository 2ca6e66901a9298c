import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type StorageFailure, storageFailure } from '../../../daemon/storage/storage-failure.ts';
import { DaybookError, errorCodes } from '../../../shared/errors.ts';

const sqlite = (code: string) => new Sqlite.SqliteError('provoked', code);

describe('storageFailure', () => {
  const meanings: { [Failure in StorageFailure]: unknown[] } = {
    full: [sqlite('SQLITE_FULL'), sqlite('SQLITE_IOERR_SHMSIZE')],
    damaged: [
      sqlite('SQLITE_CORRUPT'),
      sqlite('SQLITE_CORRUPT_INDEX'),
      sqlite('SQLITE_CORRUPT_VTAB'),
      sqlite('SQLITE_NOTADB'),
      new DaybookError('damaged_database', 'provoked'),
    ],
    broken: [
      sqlite('SQLITE_IOERR'),
      sqlite('SQLITE_IOERR_FSYNC'),
      sqlite('SQLITE_IOERR_WRITE'),
      sqlite('SQLITE_IOERR_SHORT_READ'),
      sqlite('SQLITE_READONLY'),
      sqlite('SQLITE_READONLY_DBMOVED'),
      sqlite('SQLITE_CANTOPEN'),
      sqlite('SQLITE_CANTOPEN_ISDIR'),
      new DaybookError('missing_database', 'provoked'),
    ],
    passing: [
      sqlite('SQLITE_BUSY'),
      sqlite('SQLITE_BUSY_SNAPSHOT'),
      sqlite('SQLITE_LOCKED'),
      sqlite('SQLITE_NOMEM'),
      sqlite('SQLITE_CONSTRAINT_TRIGGER'),
      sqlite('SQLITE_ERROR'),
      new DaybookError('storage_error', 'provoked'),
      new TypeError('provoked'),
      undefined,
    ],
  };
  for (const [failure, errors] of Object.entries(meanings)) {
    test(failure, () => {
      for (const error of errors) assert.equal(storageFailure(error), failure, String(error));
    });
  }

  test('what daybook itself says is passing but for two codes', () => {
    const others = Object.keys(errorCodes)
      .filter((code) => storageFailure(new DaybookError(code as keyof typeof errorCodes, '')) !== 'passing')
      .toSorted();
    assert.deepEqual(others, ['damaged_database', 'missing_database']);
  });

  test('a real database says so for bytes that are none', () => {
    const db = new Sqlite(Buffer.concat([Buffer.from('no database at all'), Buffer.alloc(8_192, 7)]));
    assert.throws(
      () => db.prepare('SELECT * FROM sqlite_schema').all(),
      (error) => storageFailure(error) === 'damaged',
    );
  });
});
