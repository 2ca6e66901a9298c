import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseForgotten } from '../../../daemon/forgetting/refuse-forgotten.ts';
import { eventRows } from '../../harness/event-rows.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

test('a forgotten event is refused by its place in the request, and its names are not written down', () => {
  using database = new TemporaryDatabase();
  const { names, store } = database;
  store.begin('normal');
  store.tombstones.add(Buffer.alloc(16, 2));
  store.tombstones.add(Buffer.alloc(16, 3));
  store.commit();

  names.idOf('type', 'waiting');
  const before = names.unsaved.length;
  const ids = { common: names.idOf('type', 'common') ?? 0, gone: names.idOf('type', 'gone') ?? 0 };
  const row = (n: number, typeId: number) => {
    return { timestamp: n, hash: Buffer.alloc(16, n), typeId, sourceId: 1, actionId: null, data: '{}' };
  };
  const named = {
    rows: eventRows([row(1, ids.common), row(2, ids.gone), row(3, ids.common), row(4, ids.common)]),
    rejected: [0, 3].map((index) => ({ index, code: 'invalid_event' as const, message: 'no' })),
    refused: [],
  };
  const { rows, rejected, refused } = refuseForgotten(named, store.tombstones, names, before);
  assert.deepEqual(
    rows.map(({ timestamp }) => timestamp),
    [1, 4],
  );
  assert.deepEqual(
    rejected.map(({ index, code }) => [index, code]),
    [
      [0, 'invalid_event'],
      [2, 'forgotten'],
      [3, 'invalid_event'],
      [4, 'forgotten'],
    ],
  );
  assert.deepEqual(refused, [], 'that is no gap');
  assert.deepEqual(
    names.unsaved.map(({ text }) => text),
    ['waiting', 'common'],
  );
  // What was taken back can come another time.
  assert.notEqual(names.idOf('type', 'gone'), ids.gone);
});
