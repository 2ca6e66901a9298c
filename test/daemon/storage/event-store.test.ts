import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { checkProperty } from '../../harness/property.ts';
import { eventRows, type PlainRow } from '../../harness/event-rows.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n, data: { n } });
const numbers = (database: TemporaryDatabase) =>
  database.db.prepare<[], number>('SELECT CAST(timestamp AS INTEGER) FROM event ORDER BY id').pluck().all();
const ids = (database: TemporaryDatabase) =>
  database.db.prepare<[], number>('SELECT id FROM event ORDER BY id').pluck().all();

describe('EventStore.append', () => {
  test('agrees with a model: what is new gets the next ids in order, and nothing else happens', async (t) => {
    const batch = fc.array(fc.nat(400), { maxLength: 300, size: 'max' });
    const batches = fc.array(batch, { maxLength: 6, size: 'max' });
    await checkProperty(
      t,
      fc.property(batches, (all) => {
        using database = new TemporaryDatabase();
        const model: number[] = [];
        for (const numbersSent of all) {
          const before = model.length;
          for (const n of numbersSent) if (!model.includes(n)) model.push(n);
          const stored = model.length - before;
          assert.deepEqual(database.append(numbersSent.map(event)), {
            stored,
            duplicate: numbersSent.length - stored,
            firstId: stored > 0 ? before + 1 : null,
            lastId: stored > 0 ? model.length : null,
          });
        }
        assert.deepEqual(numbers(database), model);
        assert.deepEqual(
          ids(database),
          model.map((_, index) => index + 1),
        );
        assert.equal(database.store.lastId, model.length);
      }),
      40,
    );
  });

  test('gives the ids of several senders in one transaction in their order', () => {
    using database = new TemporaryDatabase();
    database.append([event(1)]);
    database.store.begin('normal');
    const row = rowOf(database);
    assert.deepEqual(database.store.append(eventRows([row(2), row(3)]), 9), {
      stored: 2,
      duplicate: 0,
      firstId: 2,
      lastId: 3,
    });
    assert.deepEqual(database.store.append(eventRows([row(3)]), 9), {
      stored: 0,
      duplicate: 1,
      firstId: null,
      lastId: null,
    });
    assert.deepEqual(database.store.append(eventRows([row(4)]), 9), { stored: 1, duplicate: 0, firstId: 4, lastId: 4 });
    assert.equal(database.store.lastId, 1, 'nothing is there before COMMIT');
    database.store.commit();
    assert.equal(database.store.lastId, 4);
  });

  test('recognises a duplicate after a restart, and not the same content at another time', () => {
    using database = new TemporaryDatabase();
    database.append([event(1)]);
    database.reopen();
    assert.deepEqual(database.append([event(1), { ...event(1), timestamp: 1.5 }]), {
      stored: 1,
      duplicate: 1,
      firstId: 2,
      lastId: 2,
    });
  });
});

describe('EventStore ids', () => {
  test('are never used again, though the newest events were deleted and the file was reopened', () => {
    using database = new TemporaryDatabase();
    database.append([1, 2, 3, 4, 5].map(event));
    database.db.exec('DELETE FROM event WHERE id >= 4');
    database.reopen();
    assert.equal(database.store.lastId, 5);
    assert.equal(database.append([event(6)]).firstId, 6);
    database.db.exec('DELETE FROM event');
    database.reopen();
    assert.equal(database.append([event(1)]).firstId, 7, 'an event that was deleted may come back, under a new id');
  });

  test('go on behind the newest row though the counter was lost', () => {
    using database = new TemporaryDatabase();
    database.append([1, 2, 3].map(event));
    database.db.exec("UPDATE meta SET value = 0 WHERE key = 'last_id'");
    database.reopen();
    assert.equal(database.append([event(4)]).firstId, 4);
  });
});

describe('EventStore.rollback', () => {
  test('leaves no trace in any table, and the next transaction is as if nothing had been', () => {
    using database = new TemporaryDatabase();
    database.append([{ ...event(1), action: 'known' }]);
    const before = database.dump();
    database.store.begin('full');
    const row = rowOf(database, { type: 'new type', source: 'new source', action: 'new action' });
    database.store.append(eventRows(Array.from({ length: 200 }, (_, n) => row(n + 10))), 1);
    database.store.appendPattern({ eventId: 1, patternType: 'p', confidence: 1, patternData: '{}', embryoId: null });
    database.store.rollback();
    assert.deepEqual(database.dump(), before);
    assert.equal(database.store.lastId, 1);
    assert.deepEqual(database.append([event(2)]), { stored: 1, duplicate: 0, firstId: 2, lastId: 2 });
    const kept = database.db.prepare('SELECT kind, text, events FROM name WHERE events > 0 ORDER BY kind').all();
    assert.deepEqual(kept, [
      { kind: 'action', text: 'known', events: 1 },
      { kind: 'source', text: 's', events: 2 },
      { kind: 'type', text: 't', events: 2 },
    ]);
  });

  test('comes after a COMMIT that failed, and the same rows can then be stored, names and all', () => {
    using database = new TemporaryDatabase();
    const { db, store } = database;
    db.exec("CREATE TRIGGER full BEFORE UPDATE ON meta BEGIN SELECT raise(ABORT, 'disk full'); END");
    const before = database.dump();
    const rows = eventRows([rowOf(database, { type: 'new', source: 'new', action: 'new' })(1)]);
    store.begin('normal');
    store.append(rows, 1);
    assert.throws(() => store.commit(), /disk full/);
    store.rollback();
    assert.deepEqual(database.dump(), before);
    assert.equal(store.lastId, 0);

    db.exec('DROP TRIGGER full');
    store.begin('normal');
    assert.deepEqual(store.append(rows, 1), { stored: 1, duplicate: 0, firstId: 1, lastId: 1 });
    store.commit();
    assert.equal(db.prepare('SELECT event_type || source || action FROM events').pluck().get(), 'newnewnew');
    assert.deepEqual(db.prepare('SELECT DISTINCT events FROM name').pluck().all(), [1]);
  });

  test('is good when SQLite has rolled back by itself, and when nothing was begun', () => {
    using database = new TemporaryDatabase();
    database.store.rollback();
    database.store.begin('normal');
    database.db.exec('ROLLBACK');
    database.store.rollback();
    assert.equal(database.append([event(1)]).firstId, 1);
  });
});

describe('EventStore.begin', () => {
  test('sets the durability of this transaction alone', () => {
    using database = new TemporaryDatabase();
    const synchronous = () => database.db.pragma('synchronous', { simple: true });
    for (const [durability, level] of [
      ['full', 2],
      ['full', 2],
      ['normal', 1],
    ] as const) {
      database.store.begin(durability);
      assert.equal(synchronous(), level);
      database.store.commit();
    }
  });
});

/** Rows ready for `append`, with names of their own if need be. */
function rowOf(database: TemporaryDatabase, names = { type: 't', source: 's', action: '' }): (n: number) => PlainRow {
  return (n) => {
    const hash = Buffer.alloc(16);
    hash.writeUInt32BE(n);
    return {
      timestamp: n,
      hash,
      typeId: database.names.idOf('type', names.type) ?? 0,
      sourceId: database.names.idOf('source', names.source) ?? 0,
      actionId: names.action === '' ? null : (database.names.idOf('action', names.action) ?? 0),
      data: '{}',
    };
  };
}
