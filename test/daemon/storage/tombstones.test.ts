import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { Tombstones } from '../../../daemon/storage/tombstones.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const hashOf = (n: number) => createHash('sha256').update(String(n)).digest().subarray(0, 16);

describe('Tombstones', () => {
  test('know what was forgotten and nothing else, after a reopening too', () => {
    using database = new TemporaryDatabase();
    let tombstones = new Tombstones(database.db);
    assert.equal(tombstones.isEmpty, true);
    assert.equal(tombstones.has(hashOf(1)), false);
    for (let n = 0; n < 500; n += 1) assert.equal(tombstones.add(hashOf(n)), true);
    tombstones.saved();
    assert.equal(tombstones.add(hashOf(7)), false);
    for (let round = 0; round < 2; round += 1) {
      assert.equal(tombstones.isEmpty, false);
      for (let n = 0; n < 5_000; n += 1) assert.equal(tombstones.has(hashOf(n)), n < 500, String(n));
      database.reopen();
      tombstones = new Tombstones(database.db);
    }
  });

  test('hold nothing that an identity can be held against without the key', () => {
    const macs = [0, 1].map(() => {
      using database = new TemporaryDatabase();
      database.store.begin('normal');
      database.store.tombstones.add(hashOf(1));
      database.store.commit();
      return database.db.prepare<[], { mac: Buffer; bucket: number }>('SELECT mac, bucket FROM tombstone').get();
    });
    assert.ok(macs[0]?.mac.length === 16 && macs[1]?.mac.length === 16);
    assert.notDeepEqual(macs[0].mac, macs[1].mac);
    assert.ok(!macs[0].mac.equals(hashOf(1)));
  });

  test('of a transaction that was rolled back are none, and the next one begins with a new key', () => {
    using database = new TemporaryDatabase();
    const { store } = database;
    store.begin('normal');
    store.tombstones.add(hashOf(1));
    store.rollback();
    assert.equal(store.tombstones.isEmpty, true);
    assert.equal(store.tombstones.has(hashOf(1)), false);
    store.begin('normal');
    store.tombstones.add(hashOf(2));
    store.commit();
    store.begin('normal');
    store.tombstones.add(hashOf(3));
    store.rollback();
    assert.deepEqual(
      [1, 2, 3].map((n) => store.tombstones.has(hashOf(n))),
      [false, true, false],
    );
    database.reopen();
    assert.deepEqual(
      [1, 2, 3].map((n) => database.store.tombstones.has(hashOf(n))),
      [false, true, false],
    );
  });
});
