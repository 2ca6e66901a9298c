import type { Database } from 'better-sqlite3';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PageFile } from '../../../daemon/storage/salvage/page-file.ts';
import { PageMap } from '../../../daemon/storage/salvage/page-map.ts';
import { findTrees } from '../../../daemon/storage/salvage/source-trees.ts';
import { copyTables } from '../../../daemon/storage/salvage/table-copier.ts';
import { openWriter } from '../../../daemon/storage/open-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const TABLES = `
  CREATE TABLE anything (value ANY, other ANY) STRICT;
  CREATE TABLE keyed (b TEXT, n INTEGER, a TEXT, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;
  CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);
  CREATE INDEX numbered_by_text ON numbered (text);
`;

interface Pair {
  source: Database;
  target: Database;
  /** Copies all tables of the first into the second; returns rows by table. */
  copy: () => Map<string, number>;
}

/** Two databases, for as long as `use` runs. */
function withTwo(use: (pair: Pair) => void): void {
  using home = temporaryHome();
  const [sourcePath, targetPath] = [join(home.path, 'source.db'), join(home.path, 'target.db')];
  const source = openWriter(sourcePath);
  const target = openWriter(targetPath);
  const copy = () => {
    source.pragma('wal_checkpoint(TRUNCATE)');
    const file = PageFile.open(sourcePath);
    try {
      const map = new PageMap(file);
      return copyTables(file, map, findTrees(file, map, target), target);
    } finally {
      file.close();
    }
  };
  try {
    use({ source, target, copy });
  } finally {
    source.close();
    target.close();
  }
}

function rowsIn(db: Database, table: string): unknown[] {
  return db.prepare(`SELECT * FROM "${table}"`).safeIntegers().all();
}

test('the columns of events are those that salvage moves', () => {
  withTwo(({ source }) => {
    const columns = source.prepare<[], string>("SELECT name FROM pragma_table_info('event')").pluck().all();
    const moved = ['id', 'timestamp', 'hash', 'type_id', 'source_id', 'action_id', 'arrived', 'processed', 'data'];
    assert.deepEqual(columns, moved, 'a new column has to be added to salvage/event-rows.ts');
  });
});

describe('copyTables', () => {
  test('keeps every kind of value, key and row', () => {
    withTwo(({ source, target, copy }) => {
      for (const db of [source, target]) db.exec(TABLES);
      const integers = [0n, 1n, -1n, 127n, -128n, 32_767n, -32_768n, 2n ** 23n, -(2n ** 31n), 2n ** 40n, 2n ** 62n];
      const reals = [0.5, 3, -0, -1e300, 5e-324];
      const texts = ['', 'text', 'é\u0000€😀', 'x'.repeat(3_000), 'y'.repeat(100_000)];
      const bytes = [Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(50_000, 7)];
      const values = [null, ...integers, -(2n ** 63n), ...reals, ...texts, ...bytes];
      for (const value of values) source.prepare('INSERT INTO anything VALUES (?, ?)').run(value, value);
      const key = source.prepare('INSERT INTO keyed VALUES (?, ?, ?)');
      for (let n = 0; n < 2_000; n += 1) key.run(`b${n % 7}`, BigInt(n), `a${n} ${'z'.repeat(n % 50)}`);
      const number = source.prepare('INSERT INTO numbered VALUES (?, ?)');
      for (let n = 1; n < 3_000; n += 1) number.run(BigInt(n * 3), `${n}`.repeat(n % 200));
      source.prepare('DELETE FROM numbered WHERE id > 8000').run();

      const counts = copy();
      for (const table of ['anything', 'keyed', 'numbered', 'sqlite_sequence']) {
        assert.deepEqual(rowsIn(target, table), rowsIn(source, table), table);
      }
      assert.equal(counts.get('numbered'), 2_666);
      assert.equal(target.pragma('integrity_check', { simple: true }), 'ok');
      target.prepare("INSERT INTO numbered (text) VALUES ('next')").run();
      assert.equal(target.prepare('SELECT max(id) FROM numbered').pluck().get(), 8_998, 'no id is used again');
    });
  });

  test('gives rows from before a column was added its default', () => {
    withTwo(({ source, target, copy }) => {
      for (const db of [source, target]) {
        db.exec('CREATE TABLE grown (a INTEGER)');
        if (db === source) db.exec('INSERT INTO grown VALUES (1)');
        db.exec("ALTER TABLE grown ADD COLUMN b TEXT DEFAULT 'none'");
      }
      source.exec("INSERT INTO grown VALUES (2, 'some')");
      copy();
      assert.deepEqual(rowsIn(target, 'grown'), [
        { a: 1n, b: 'none' },
        { a: 2n, b: 'some' },
      ]);
    });
  });

  test('leaves alone what the new database has not, or has in another form', () => {
    withTwo(({ source, target, copy }) => {
      source.exec('CREATE TABLE gone (a); CREATE TABLE changed (a INTEGER, b TEXT)');
      source.exec('INSERT INTO gone VALUES (1); INSERT INTO changed VALUES (1, 2)');
      target.exec('CREATE TABLE changed (b TEXT, a INTEGER, c); CREATE TABLE added (a)');
      const counts = copy();
      assert.deepEqual([counts.has('gone'), counts.has('changed')], [false, false]);
      assert.deepEqual(rowsIn(target, 'changed'), []);
      assert.deepEqual(rowsIn(target, 'added'), []);
    });
  });

  test('leaves out rows that the new table cannot have', () => {
    withTwo(({ source, target, copy }) => {
      const table = 'CREATE TABLE limited (a INTEGER NOT NULL CHECK (a > 0), b TEXT UNIQUE) STRICT';
      for (const db of [source, target]) db.exec(table);
      source.pragma('ignore_check_constraints = ON');
      source.exec("INSERT INTO limited VALUES (1, 'x'), (-1, 'y'), (2, 'z')");
      assert.equal(copy().get('limited'), 2);
    });
  });
});
