import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { RemainsOfDatabase } from '../../../daemon/forgetting/clear-remains.ts';
import type { Task } from '../../../daemon/maintenance/tasks.ts';
import { giveBackFreePages } from '../../../daemon/maintenance/vacuum.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** A word for each event that stands nowhere else, as itself and in short rows and long ones. */
const wordOf = (id: number) => `qz${id.toString(36).padStart(6, '0')}zq`;
const seed = Number(process.env['DAYBOOK_TEST_SEED'] ?? randomInt(2 ** 31));

describe(`what deleted rows leave in the file (DAYBOOK_TEST_SEED=${seed})`, () => {
  test('is gone, whatever was deleted in which order, and the rest is as it was', () => {
    using database = new TemporaryDatabase();
    const random = seededRandom(seed);
    fill(database, 600, random);
    const deleted = deleteSome(database, random, 300);
    fill(database, 100, random);
    for (const id of deleteSome(database, random, 150)) deleted.add(id);
    const before = rows(database);
    finish(giveBackFreePages(database.db));
    database.db.pragma('wal_checkpoint(TRUNCATE)');
    assert.notDeepEqual(wordsIn(database.path, deleted), [], 'something is left inside of pages');

    const cleared = finish(new RemainsOfDatabase(database.db).clear());
    assert.deepEqual([cleared.isLogLeft, cleared.isFileLeft], [false, false]);
    assert.ok(cleared.bytes > 0);
    assert.deepEqual(wordsIn(database.path, deleted), []);
    assert.deepEqual(rows(database), before);
    assert.equal(database.db.pragma('integrity_check', { simple: true }), 'ok');
    // Nothing in memory brings it back, and nothing is left to do.
    fill(database, 60, random);
    database.db.pragma('wal_checkpoint(TRUNCATE)');
    assert.deepEqual(wordsIn(database.path, deleted), []);
    database.reopen();
    assert.equal(finish(new RemainsOfDatabase(database.db).clear()).isFileLeft, false);
  });

  test('a reader in the way of the log is waited for, and named when it stays', (t) => {
    using database = new TemporaryDatabase();
    fill(database, 50, seededRandom(seed));
    const reader = new Sqlite(database.path, { readonly: true });
    t.after(() => reader.close());
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM event').get();
    fill(database, 50, seededRandom(seed + 1));
    const task = new RemainsOfDatabase(database.db).clear();
    for (let step = 0; step < 3; step += 1) assert.equal(task.next().done, false);
    reader.exec('COMMIT');
    assert.equal(finish(task).isLogLeft, false);
  });
});

function fill(database: TemporaryDatabase, count: number, random: () => number): void {
  const first = database.store.newestId + 1;
  database.append(
    Array.from({ length: count }, (_, index) => {
      const word = wordOf(first + index);
      const letters = Array.from({ length: Math.floor(random() ** 8 * 9_000) }, () =>
        String.fromCharCode(33 + random() * 90),
      );
      // Texts that no gzip makes shorter keep their words readable.
      return {
        type: 'note',
        source: `s${Math.floor(random() * 5)}`,
        timestamp: Math.floor(random() * 1e9),
        data: { word, rest: letters.join('') + word },
      };
    }),
  );
}

/** As retention does, without a word about it: nothing is overwritten. */
function deleteSome(database: TemporaryDatabase, random: () => number, count: number): Set<number> {
  const ids = database.db.prepare<[], number>('SELECT id FROM event').pluck().all();
  const from = Math.floor(random() * (ids.length - count));
  const chosen = new Set(ids.slice(from, from + count / 2));
  while (chosen.size < count) chosen.add(ids[Math.floor(random() * ids.length)] as number);
  const remove = database.db.prepare('DELETE FROM event WHERE id = ?');
  database.db.transaction(() => [...chosen].forEach((id) => remove.run(id)))();
  return chosen;
}

function wordsIn(path: string, ids: ReadonlySet<number>): string[] {
  const bytes = Buffer.concat(['', '-wal'].map((suffix) => readFileSync(path + suffix))).toString('latin1');
  return [...ids].map(wordOf).filter((word) => bytes.includes(word));
}

function rows(database: TemporaryDatabase): unknown[] {
  return database.db.prepare('SELECT * FROM event').all();
}

function finish<Result>(task: Task<Result>): Result {
  for (;;) {
    const { done, value } = task.next();
    if (done === true) return value;
  }
}
