import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openReader } from '../../../daemon/storage/open-database.ts';
import { salvage } from '../../../daemon/storage/salvage.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

test('salvage keeps marks, cursors, patterns and samples', () => {
  using database = new TemporaryDatabase();
  const { db, store } = database;
  database.append(Array.from({ length: 500 }, (_, n) => ({ type: 't', source: 's', timestamp: n, data: { n } })));
  store.begin('normal');
  assert.equal(store.processed.set([3, 5, 400, 501], true), 3);
  for (let n = 0; n < 200; n += 1) store.cursors.open(`consumer ${n}`, n, store.newestId, n / 2);
  store.cursors.acknowledge('consumer 7', 450, store.newestId, 1_000);
  store.appendPattern({ eventId: 3, patternType: 'p', confidence: 0.5, patternData: '{}', embryoId: null });
  store.samples.add({ timestamp: 5, avg_fitness: 0.25 }, 6, 500);
  store.commit();

  const target = join(database.directory, 'salvaged.db');
  assert.equal(salvage(database.path, target).eventsKept, 500);
  const salvaged = openReader(target);
  try {
    for (const sql of [
      'SELECT id, processed FROM event',
      'SELECT * FROM cursor',
      'SELECT * FROM patterns',
      'SELECT * FROM system_stats',
    ]) {
      assert.deepEqual(salvaged.prepare(sql).all(), db.prepare(sql).all(), sql);
    }
  } finally {
    salvaged.close();
  }
});
