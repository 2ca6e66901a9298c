import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GapPages } from '../../../daemon/query/gap-pages.ts';
import { openReader } from '../../../daemon/storage/open-database.ts';
import type { GapsRequest } from '../../../shared/messages/gaps.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** Ten gaps, gap n from n to n + 1 s: every second one of `fs`, every fifth of `apps`, others of an unknown source. */
function trial() {
  const database = new TemporaryDatabase();
  const { store, names } = database;
  store.begin('normal');
  for (let n = 1; n <= 10; n += 1) {
    const source = n % 5 === 0 ? 'apps' : n % 2 === 0 ? 'fs' : undefined;
    const sourceId = source === undefined ? null : (names.idOf('source', source) ?? null);
    const span = { since: n, until: n + 1 };
    if (source === undefined) store.gaps.lost({ count: 0, ...span, reason: 'damaged' }, 100);
    else store.gaps.refused({ producer: `p${n}`, sourceId, code: 'too_deep', count: n, ...span }, 100);
  }
  store.commit();
  const reader = openReader(database.path);
  const pages = new GapPages(reader);
  const page = (request: Partial<GapsRequest>) => pages.page({ afterId: 0, limit: 100, ...request });
  return {
    page,
    ids: (request: Partial<GapsRequest>) => page(request).gaps.map(({ id }) => id),
    [Symbol.dispose]: () => {
      reader.close();
      database[Symbol.dispose]();
    },
  };
}

describe('GapPages', () => {
  test('shows all that is known of a gap', () => {
    using gaps = trial();
    const shown = gaps.page({}).gaps;
    assert.equal(shown.length, 10);
    const common = { noticed: 100 };
    assert.deepEqual(shown.slice(0, 2), [
      { ...common, id: 1, source: null, producer: null, count: 0, since: 1, until: 2, reason: 'damaged' },
      { ...common, id: 2, source: 'fs', producer: 'p2', count: 2, since: 2, until: 3, reason: 'rejected: too_deep' },
    ]);
  });

  test('is empty where nothing is missing', () => {
    using database = new TemporaryDatabase();
    assert.deepEqual(new GapPages(database.db).page({ afterId: 0, limit: 5 }), { gaps: [], nextId: null });
  });

  test('finds those that reach past a moment', () => {
    using gaps = trial();
    assert.deepEqual(gaps.ids({ since: 10 }), [9, 10]);
    assert.deepEqual(gaps.ids({ since: 10.001 }), [10]);
    assert.deepEqual(gaps.ids({ since: 12 }), []);
    assert.equal(gaps.ids({ since: -5 }).length, 10);
  });

  test('finds those of a source, and those that may be of it', () => {
    using gaps = trial();
    assert.deepEqual(gaps.ids({ source: 'fs' }), [1, 2, 3, 4, 6, 7, 8, 9]);
    assert.deepEqual(gaps.ids({ source: 'apps', since: 8 }), [7, 9, 10]);
    assert.deepEqual(gaps.ids({ source: 'never seen' }), [1, 3, 7, 9]);
    assert.deepEqual(gaps.ids({ source: 'FS' }), [1, 3, 7, 9]);
  });

  test('goes on behind the last one of a page, to the end', () => {
    for (const limit of [1, 3, 5, 8, 9, 100]) {
      for (const request of [{}, { source: 'fs' }, { since: 5 }]) {
        using gaps = trial();
        const found: number[] = [];
        let afterId: number | null = 0;
        while (afterId !== null) {
          const { gaps: some, nextId } = gaps.page({ ...request, afterId, limit });
          assert.ok(some.length <= limit);
          found.push(...some.map(({ id }) => id));
          assert.ok(nextId === null || nextId === found.at(-1));
          afterId = nextId;
        }
        assert.deepEqual(found, gaps.ids(request), `${limit} a page`);
      }
    }
  });
});
