import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { payloadOf } from '../../../daemon/storage/event-row.ts';
import { InsertEvents } from '../../../daemon/storage/insert-events.ts';
import { eventRows, type PlainRow } from '../../harness/event-rows.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** Sizes around those of the prepared statements: 128, 32, 8, 1. */
const batchSizes = [1, 2, 7, 8, 9, 31, 32, 33, 127, 128, 129, 169, 257];

function row(n: number): PlainRow {
  const hash = Buffer.alloc(16);
  hash.writeUInt32BE(n);
  return { timestamp: n / 2, hash, typeId: 1, sourceId: 1, actionId: null, data: `{"n":${n}}` };
}

const plainRows = (from: number, count: number) => Array.from({ length: count }, (_, index) => row(from + index));
const rows = (from: number, count: number) => eventRows(plainRows(from, count));

function stored(database: TemporaryDatabase): { id: number; data: string }[] {
  return database.db.prepare<[], { id: number; data: string }>('SELECT id, data FROM event ORDER BY id').all();
}

describe('InsertEvents', () => {
  for (const size of batchSizes) {
    test(`stores ${size} new rows with ids one after the other, in order`, () => {
      using database = new TemporaryDatabase();
      const told: unknown[] = [];
      const batch = rows(0, size);
      assert.equal(
        new InsertEvents(database.db).run(batch, 5, 77, (each) => told.push(each)),
        size,
      );
      assert.deepEqual(
        stored(database),
        plainRows(0, size).map(({ data }, index) => ({ id: 5 + index, data })),
      );
      assert.deepEqual(told, batch);
      assert.equal(database.db.prepare('SELECT count(*) FROM event WHERE arrived = 77').pluck().get(), size);
    });

    test(`stores nothing of ${size} rows that are all there`, () => {
      using database = new TemporaryDatabase();
      const insert = new InsertEvents(database.db);
      insert.run(rows(0, size), 1, 1, () => undefined);
      assert.equal(
        insert.run(rows(0, size), size + 1, 1, () => assert.fail('nothing was stored')),
        0,
      );
      assert.equal(stored(database).length, size);
    });
  }

  test('passes over one duplicate, wherever in a batch it stands', () => {
    using database = new TemporaryDatabase();
    const { db } = database;
    const insert = new InsertEvents(db);
    for (const size of [9, 41, 169]) {
      for (let position = 0; position < size; position += 1) {
        db.exec('DELETE FROM event');
        const batch = rows(0, size);
        insert.run(rows(position, 1), 1, 1, () => undefined);
        const told: unknown[] = [];
        assert.equal(
          insert.run(batch, 2, 1, (each) => told.push(each)),
          size - 1,
        );
        const expected = batch.filter((_, index) => index !== position);
        assert.deepEqual(told, expected);
        assert.deepEqual(
          stored(database).slice(1),
          expected.map((each, index) => ({ id: 2 + index, data: payloadOf(each) })),
          `duplicate at ${position} of ${size}`,
        );
      }
    }
  });

  test('passes over a copy in the same batch, however far behind the original', () => {
    using database = new TemporaryDatabase();
    const insert = new InsertEvents(database.db);
    for (let distance = 1; distance < 140; distance += 1) {
      database.db.exec('DELETE FROM event');
      const batch = eventRows([...plainRows(0, distance), row(0), row(1000)]);
      assert.equal(
        insert.run(batch, 1, 1, () => undefined),
        distance + 1,
      );
      assert.deepEqual(stored(database).at(-1), { id: distance + 1, data: '{"n":1000}' });
    }
  });

  const damaged: [string, { timestamp?: unknown; typeId?: unknown; sourceId?: unknown }, string][] = [
    ['no type', { typeId: null }, 'SQLITE_CONSTRAINT_NOTNULL'],
    ['a text as timestamp', { timestamp: 'now' }, 'SQLITE_CONSTRAINT_DATATYPE'],
    ['a text as source', { sourceId: 'fs' }, 'SQLITE_CONSTRAINT_DATATYPE'],
  ];
  for (const [what, change, code] of damaged) {
    test(`does not take a row with ${what} for a duplicate`, () => {
      using database = new TemporaryDatabase();
      const insert = new InsertEvents(database.db);
      for (const size of [1, 8, 128]) {
        const batch = eventRows(
          plainRows(0, size).map((each, index) => (index === size >> 1 ? ({ ...each, ...change } as PlainRow) : each)),
        );
        database.db.exec('BEGIN');
        assert.throws(() => insert.run(batch, 1, 1, () => undefined), { code });
        if (database.db.inTransaction) database.db.exec('ROLLBACK');
        assert.deepEqual(stored(database), []);
        insert.noteRemoved();
      }
    });
  }

  test('does not take an id that is used for a duplicate', () => {
    using database = new TemporaryDatabase();
    const insert = new InsertEvents(database.db);
    insert.run(rows(0, 10), 1, 1, () => undefined);
    for (const size of [1, 8, 128]) {
      assert.throws(() => insert.run(rows(100, size), 10, 1, () => undefined), {
        code: 'SQLITE_CONSTRAINT_PRIMARYKEY',
      });
    }
    assert.equal(stored(database).length, 10);
  });

  test('keeps text as text and bytes as bytes, in statements of every size', () => {
    using database = new TemporaryDatabase();
    const datas = ['{"é":"—"}', Buffer.from('1f8b00ff00', 'hex'), '{"😀":1}', '{}', Buffer.alloc(300, 0xe9)];
    const size = 128 + 32 + 8 + 1;
    const batch = plainRows(0, size).map((each, index) => ({ ...each, data: datas[index % datas.length] ?? '' }));
    new InsertEvents(database.db).run(eventRows(batch), 1, 1, () => undefined);
    const kept = database.db.prepare<[], { hash: Buffer; data: unknown }>('SELECT hash, data FROM event ORDER BY id');
    assert.deepEqual(
      kept.all(),
      batch.map(({ hash, data }) => ({ hash, data })),
    );
  });

  test('stores rows that are too large for one statement', () => {
    using database = new TemporaryDatabase();
    const batch = plainRows(0, 40).map((each) => ({ ...each, data: `"${'x'.repeat(100_000)}"` }));
    assert.equal(
      new InsertEvents(database.db).run(eventRows(batch), 7, 1, () => undefined),
      40,
    );
    assert.deepEqual(
      stored(database),
      batch.map(({ data }, index) => ({ id: 7 + index, data })),
    );
  });

  test('refuses rows of different pieces of memory, and rows out of their order', () => {
    using database = new TemporaryDatabase();
    const insert = new InsertEvents(database.db);
    const message = /one behind the other/;
    assert.throws(() => insert.run([...rows(0, 8), ...rows(8, 8)], 1, 1, () => undefined), message);
    insert.noteRemoved();
    assert.throws(() => insert.run(rows(20, 16).toReversed(), 20, 1, () => undefined), message);
  });
});
