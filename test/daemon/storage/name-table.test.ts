import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NameReader } from '../../../daemon/storage/name-reader.ts';
import { NameTable } from '../../../daemon/storage/name-table.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

describe('NameTable', () => {
  test('gives ids from 1, one for each name of a kind, the kinds apart', () => {
    using database = new TemporaryDatabase();
    const names = new NameTable(database.db, 10);
    assert.deepEqual(
      ['a', 'b', 'a', '', 'c', ''].map((text) => names.idOf('type', text)),
      [1, 2, 1, 3, 4, 3],
    );
    assert.equal(names.idOf('source', 'b'), 1);
    assert.equal(names.idOf('action', 'b'), 1);
  });

  test('takes names for what their bytes are', () => {
    using database = new TemporaryDatabase();
    const names = new NameTable(database.db, 100);
    const different = [
      'toString',
      '__proto__',
      'constructor',
      'a',
      'A',
      ' a',
      'a ',
      '\u00e9',
      'e\u0301',
      'a\u0000',
      '',
    ];
    assert.equal(new Set(different.map((text) => names.idOf('type', text))).size, different.length);
    names.save();
    names.saved();
    const again = new NameTable(database.db, 100);
    const reader = new NameReader(database.db);
    for (const text of different) {
      const id = names.idOf('type', text) as number;
      assert.equal(again.idOf('type', text), id);
      assert.equal(reader.text('type', id), text);
      assert.deepEqual(reader.ids('type', [text]), [id]);
    }
  });

  test('goes on behind the highest id, though some before it are missing', () => {
    using database = new TemporaryDatabase();
    database.db.exec("INSERT INTO name (kind, id, text) VALUES ('type', 2, 'b'), ('type', 9, 'i')");
    const names = new NameTable(database.db, 10);
    assert.deepEqual(
      ['a', 'b', 'i', 'j'].map((text) => names.idOf('type', text)),
      [10, 2, 9, 11],
    );
    names.save();
    assert.equal(new NameTable(database.db, 10).idOf('type', 'k'), 12);
  });

  test('has no room past its limit, and still knows what it has', () => {
    using database = new TemporaryDatabase();
    const names = new NameTable(database.db, 2);
    assert.deepEqual(
      ['a', 'b', 'c', 'a', 'b'].map((text) => names.idOf('type', text)),
      [1, 2, undefined, 1, 2],
    );
    assert.equal(names.idOf('source', 'c'), 1, 'the kinds have limits of their own');
    names.save();
    names.saved();
    const again = new NameTable(database.db, 2);
    assert.equal(again.idOf('type', 'c'), undefined, 'names of an earlier run count');
    assert.equal(again.idOf('type', 'b'), 2);
  });

  test('writes a name until it is told that it is saved, and not after', () => {
    using database = new TemporaryDatabase();
    const { db } = database;
    const names = new NameTable(db, 10);
    const count = () => db.prepare('SELECT count(*) FROM name').pluck().get();
    names.idOf('type', 'a');
    assert.equal(count(), 0);
    db.exec('BEGIN');
    names.save();
    db.exec('ROLLBACK');
    assert.equal(count(), 0);
    names.save();
    names.saved();
    names.save();
    assert.equal(count(), 1);
  });
});

describe('NameReader', () => {
  test('sees names that were saved after it was made', () => {
    using database = new TemporaryDatabase();
    const reader = new NameReader(database.db);
    assert.deepEqual(reader.ids('type', ['later']), []);
    database.append([{ type: 'later', source: 's', timestamp: 1 }]);
    assert.deepEqual(reader.ids('type', ['later', 'never', 'later']), [1]);
    assert.equal(reader.text('type', 1), 'later');
  });

  test('says so when an id has no name', () => {
    using database = new TemporaryDatabase();
    assert.throws(() => new NameReader(database.db).text('action', 7), /no action with id 7/);
  });
});
