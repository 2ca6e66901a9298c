import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { describe, test } from 'node:test';
import { SearchVerification } from '../../../daemon/verify/verify-search.ts';
import { openIndex, searchIndexPath } from '../../../daemon/search/index-file.ts';
import { Indexing } from '../../../daemon/search/indexing.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const texts = [
  'getUserName HTTPServer a.b.c /home/zoë/Ångström.txt',
  'Été ETE été İstanbul straße ﬁne ½ x²',
  '東京タワー 서울 ภาษาไทย 👩‍👩‍👧 🇫🇷 ❤️',
  `${'x'.repeat(70)}Y ${'aB'.repeat(20)}`,
  'tab\tnew\nline nul\u0000 quote"s (a OR b) NOT c* ×t1',
  '',
];

/** Indexes what is stored. */
function index(database: TemporaryDatabase): void {
  const databaseId = String(database.db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
  const { db } = openIndex(searchIndexPath(database.path), {
    databaseId,
    lastId: database.store.lastId,
    hashOf: () => undefined,
  });
  const indexing = new Indexing(db, database.db);
  for (let isMore = true; isMore; ) isMore = indexing.slice();
  db.close();
}

function withEvents(use: (database: TemporaryDatabase, verification: SearchVerification) => void): void {
  using database = new TemporaryDatabase();
  const data = (n: number) => ({
    text: texts[n % texts.length],
    n,
    deep: [{ ok: true, nil: null, half: n / 2, big: -1e21 }],
  });
  database.append(
    Array.from({ length: 60 }, (_, n) => ({
      type: `Type ${n % 7}`,
      source: 'süß',
      timestamp: n,
      ...(n % 3 > 0 && { action: `do It${n % 3}` }),
      data: data(n),
    })),
  );
  use(database, new SearchVerification(database.db));
}

describe('verification of the search index', () => {
  test('finds nothing wrong with that of events of every kind', () => {
    withEvents((database, verification) => {
      assert.equal(verification.sample(1, 60, []), undefined, 'there is none yet');
      index(database);
      assert.deepEqual(verification.sample(1, 60, []), { checked: 60, wrong: [] });
      assert.deepEqual(verification.structure(), { checked: 0, wrong: [] });
      database.append([{ type: 'a', source: 'b', timestamp: 1_000 }]);
      assert.deepEqual(verification.sample(1, 61, []), { checked: 60, wrong: [] }, 'the newest is not indexed yet');
    });
  });

  test('names an event that has lost a word or got one, and leaves damaged events alone', () => {
    withEvents((database, verification) => {
      index(database);
      const change = database.db.prepare("UPDATE event SET data = json_set(data, '$.n', ?) WHERE id = ?");
      change.run('changed', 7);
      change.run(4, 9);
      assert.deepEqual(verification.sample(1, 60, []), {
        checked: 60,
        wrong: ['event 7 is not found by a word that it has', 'event 9 is found by a word that it has not'],
      });
      const damaged = [7, 9].map((id) => ({ id, message: 'it is not what was stored' }));
      assert.deepEqual(verification.sample(1, 60, damaged), { checked: 58, wrong: [] });
    });
  });

  test('says when its file is damaged', () => {
    withEvents((database, verification) => {
      index(database);
      truncateSync(searchIndexPath(database.path), 8_192);
      const wrong = [verification.sample(1, 60, []), verification.structure()].flatMap((check) => check?.wrong ?? []);
      assert.ok(wrong.length > 0);
      assert.match(wrong.join('\n'), /malformed|the index is damaged/);
    });
  });
});
