import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStore } from '../../../daemon/storage/event-store.ts';
import { NameTable } from '../../../daemon/storage/name-table.ts';
import { openWriter } from '../../../daemon/storage/open-database.ts';
import { limits } from '../../../shared/limits.ts';
import { eventRows } from '../../harness/event-rows.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

test('a flushed transaction of duplicates alone still writes, so that its commit is flushed', () => {
  using home = temporaryHome();
  const db = openWriter(`${home.path}/events.db`);
  const store = new EventStore(db, new NameTable(db, limits.namesPerKind));
  const rows = eventRows([
    { timestamp: 1, hash: Buffer.alloc(16), typeId: 1, sourceId: 1, actionId: null, data: '{}' },
  ]);
  const walFrames = () => {
    const [checkpoint] = db.pragma('wal_checkpoint(PASSIVE)') as { log: number }[];
    return checkpoint?.log ?? 0;
  };
  const commit = (durability: 'normal' | 'full') => {
    store.begin(durability);
    const { duplicate } = store.append(rows, 1);
    store.commit();
    return duplicate;
  };
  assert.equal(commit('normal'), 0);
  const before = walFrames();
  assert.equal(commit('normal'), 1);
  assert.equal(walFrames(), before, 'a committed duplicate writes nothing');
  assert.equal(commit('full'), 1);
  assert.notEqual(walFrames(), before);
  db.close();
});
