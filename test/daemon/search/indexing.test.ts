import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Deadline } from '../../../daemon/query/deadline.ts';
import { finish } from '../../../daemon/query/steps.ts';
import { type IndexedDatabase, openIndex } from '../../../daemon/search/index-file.ts';
import { PART_IDS, partOf } from '../../../daemon/search/index-parts.ts';
import { IndexReader } from '../../../daemon/search/index-reader.ts';
import { Indexing } from '../../../daemon/search/indexing.ts';
import { SearchPages } from '../../../daemon/search/search-pages.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const event = (n: number) => ({
  type: 'note',
  source: 's',
  timestamp: n,
  data: { text: `number n${n}`, words: 'common' },
});

/** A database and its index, in this thread. */
class Indexed {
  readonly database = new TemporaryDatabase();
  readonly path = join(this.database.directory, 'events.db.search');

  open() {
    const hashes = this.database.db.prepare<[number], Buffer>('SELECT hash FROM event WHERE id = ?').pluck();
    const of: IndexedDatabase = {
      databaseId: String(this.database.db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get()),
      lastId: Number(this.database.db.prepare("SELECT value FROM meta WHERE key = 'last_id'").pluck().get()),
      hashOf: (id) => hashes.get(id),
    };
    return openIndex(this.path, of);
  }

  /** Indexes everything and returns how many slices that took. */
  index(): number {
    const { db } = this.open();
    const indexing = new Indexing(db, this.database.db);
    let slices = 0;
    while (indexing.slice()) slices += 1;
    db.close();
    return slices;
  }

  behind(): number {
    const { db } = this.open();
    const { behind } = new Indexing(db, this.database.db).backlog();
    db.close();
    return behind;
  }

  find(query: string): number[] {
    const reader = new IndexReader(this.path);
    const pages = new SearchPages(this.database.db, reader);
    const page = finish(pages.pageInSteps({ query, filter: {}, limit: 1_000 }, new Deadline(5_000)));
    reader.close();
    return page.events.map(({ id }) => id);
  }

  /** Goes on with ids of a later part. */
  skipTo(id: number): void {
    this.database.db.prepare("UPDATE meta SET value = ? WHERE key = 'last_id'").run(id - 1);
    this.database.reopen();
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }
}

describe('the index', () => {
  test('is reported as damaged once, by whoever meets it', () => {
    using indexed = new Indexed();
    writeFileSync(indexed.path, Buffer.alloc(64 * 1024, 0x5a));
    const reader = new IndexReader(indexed.path);
    const anyTime = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
    assert.equal(reader.window(partOf(1), 2, 'common', anyTime, 10).indexedTo, -1);
    assert.deepEqual([reader.tookDamage(), reader.tookDamage()], [true, false]);
    reader.close();
  });

  test('has all parts, and drops one when all its events are deleted', () => {
    using indexed = new Indexed();
    indexed.database.append([event(1), event(2), event(3)]);
    indexed.skipTo(2 * PART_IDS);
    indexed.database.append([event(4), event(5)]);
    assert.equal(indexed.behind(), 2 * PART_IDS + 1);
    assert.ok(indexed.index() >= 2);
    assert.equal(indexed.index(), 0);
    assert.equal(indexed.behind(), 0);
    indexed.database.append([event(6)]);
    assert.equal(indexed.behind(), 1);
    const late = 2 * PART_IDS;
    assert.deepEqual(indexed.find('common'), [late + 2, late + 1, late, 3, 2, 1]);

    indexed.database.db.exec('DELETE FROM event WHERE id IN (1, 3)');
    assert.deepEqual(indexed.find('common'), [late + 2, late + 1, late, 2]);
    assert.equal(indexed.index(), 1);
    assert.equal(indexed.index(), 0);

    indexed.database.db.exec('DELETE FROM event WHERE id < 10');
    assert.ok(indexed.index() >= 1);
    const { db } = indexed.open();
    const tables = db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'")
      .pluck()
      .all();
    db.close();
    assert.ok(!tables.includes('words_0'));
    assert.deepEqual(indexed.find('common'), [late + 2, late + 1, late]);
    assert.deepEqual(indexed.find('n5'), [late + 1]);
  });

  test('is written by the last who began: one before, left over from a killed daemon, fails and changes nothing', () => {
    using indexed = new Indexed();
    indexed.database.append([event(1)]);
    const { db: first } = indexed.open();
    const before = new Indexing(first, indexed.database.db);
    assert.equal(before.slice(), true);
    indexed.database.append([event(2)]);
    const { db: second } = indexed.open();
    const last = new Indexing(second, indexed.database.db);
    assert.throws(() => before.slice(), /another process/);
    assert.equal(last.slice(), true);
    assert.equal(last.slice(), false);
    for (const db of [first, second]) db.close();
    assert.deepEqual(indexed.find('common'), [2, 1]);
  });

  test('is made anew when ids were used again, and for another database', () => {
    using indexed = new Indexed();
    indexed.database.append([event(1), event(2), event(3)]);
    indexed.index();
    const isNew = () => {
      const { db, isNew: made } = indexed.open();
      db.close();
      return made;
    };
    assert.equal(isNew(), false);
    // A log was lost: 2 and 3 are others now.
    indexed.database.db.exec('DELETE FROM event WHERE id > 1');
    indexed.skipTo(2);
    indexed.database.append([event(7), event(8)]);
    assert.equal(isNew(), true);
    indexed.index();
    assert.deepEqual(indexed.find('n8'), [3]);
    assert.deepEqual(indexed.find('n3'), []);
    // The same, before as many have come again.
    indexed.database.db.exec('DELETE FROM event WHERE id > 1');
    indexed.skipTo(2);
    assert.equal(isNew(), true);
    indexed.index();
    indexed.database.db.exec("UPDATE meta SET value = 'another' WHERE key = 'database_id'");
    assert.equal(isNew(), true);
  });
});
