import assert from 'node:assert/strict';
import type { Database } from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { forgetEvents } from '../../../daemon/forgetting/forget-events.ts';
import { EventPages } from '../../../daemon/query/event-pages.ts';
import { openReader } from '../../../daemon/storage/open-database.ts';
import type { StoredEvent } from '../../../shared/event.ts';
import { limits } from '../../../shared/limits.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import { checkProperty } from '../../harness/property.ts';
import { anyEvent, anyFilter, matchesModel } from '../../harness/query-model.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const event = (n: number) => ({ type: n % 100 === 0 ? 'rare' : 'common', source: 's', timestamp: n % 5, data: { n } });

/** Follows the arrivals from a position to the newest id, as a tail does. */
function follow(pages: EventPages, after: number, filter: EventFilter, maxRows: number): StoredEvent[] {
  const events: StoredEvent[] = [];
  let position = after;
  for (;;) {
    const page = pages.arrivals(position, filter, maxRows);
    assert.ok(page.events.length <= maxRows);
    events.push(...page.events);
    assert.ok(page.scannedToId >= (page.events.at(-1)?.id ?? 0));
    if (page.scannedToId >= page.newestId) return events;
    assert.ok(page.scannedToId > position, 'each page gets on');
    position = page.scannedToId;
  }
}

/** A connection on which something happens once, right after the first statement that matches was run. */
function interrupted(db: Database, after: RegExp, happen: () => void): Database {
  let isDone = false;
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
      return (sql: string) => {
        const statement = target.prepare(sql);
        if (!after.test(sql)) return statement;
        const get = statement.get.bind(statement);
        const all = statement.all.bind(statement);
        const then = <Result>(result: Result): Result => {
          if (!isDone) happen();
          isDone = true;
          return result;
        };
        statement.get = (...parameters) => then(get(...parameters));
        statement.all = (...parameters) => then(all(...parameters));
        return statement;
      };
    },
  });
}

const ids = (events: readonly StoredEvent[]) => events.map(({ id }) => id);

describe('arrivals', () => {
  test('of an empty database are none, and the position stays good', () => {
    using database = new TemporaryDatabase();
    const pages = new EventPages(database.db);
    assert.deepEqual(pages.arrivals(0, {}, 10), {
      events: [],
      damaged: [],
      scannedToId: 0,
      newestId: 0,
      lost: [],
    });
  });

  test('of a database that was emptied say so, with the ids that were given', () => {
    using database = new TemporaryDatabase();
    database.append([1, 2, 3].map(event));
    database.db.exec('DELETE FROM event');
    assert.deepEqual(new EventPages(database.db).arrivals(1, {}, 10), {
      events: [],
      damaged: [],
      scannedToId: 3,
      newestId: 3,
      lost: [{ lostFrom: 2, lostTo: 3 }],
    });
  });

  test('come in the order in which they were stored, whatever their timestamps, and pass over what was deleted', () => {
    using database = new TemporaryDatabase();
    database.append([9, 8, 7, 6, 5, 4, 3].map((n) => ({ ...event(n), timestamp: n })));
    database.db.exec('DELETE FROM event WHERE id IN (1, 3, 4, 7)');
    const pages = new EventPages(database.db);
    assert.deepEqual(ids(follow(pages, 0, {}, 10)), [2, 5, 6]);
    assert.deepEqual(ids(follow(pages, 2, {}, 1)), [5, 6]);
    assert.deepEqual(follow(pages, 7, {}, 10), []);
    const { lost, newestId, scannedToId } = pages.arrivals(0, {}, 10);
    assert.deepEqual(lost, [
      { lostFrom: 1, lostTo: 1 },
      { lostFrom: 3, lostTo: 4 },
      { lostFrom: 7, lostTo: 7 },
    ]);
    assert.deepEqual([newestId, scannedToId], [7, 7]);
  });

  test('tell of what was forgotten, though its name is gone as well', () => {
    using database = new TemporaryDatabase();
    database.append([99, 100, 101, 200].map(event));
    const forgetting = forgetEvents(database, { ids: [2, 4], patternIds: [] });
    while (forgetting.next().done !== true);
    const pages = new EventPages(database.db);
    assert.deepEqual(pages.arrivals(1, { types: ['rare'] }, 10).lost, [
      { lostFrom: 2, lostTo: 2 },
      { lostFrom: 4, lostTo: 4 },
    ]);
  });

  test('stand before the first row left out when the page is full', () => {
    using database = new TemporaryDatabase();
    database.append(Array.from({ length: 300 }, (_, n) => event(n + 1)));
    const page = new EventPages(database.db).arrivals(0, { types: ['rare'] }, 2);
    assert.deepEqual(ids(page.events), [100, 200]);
    assert.equal(page.scannedToId, 299);
  });

  test('are looked at a bounded number of rows at a time', () => {
    using database = new TemporaryDatabase();
    for (let from = 0; from < 5_000; from += 1_000) {
      database.append(Array.from({ length: 1_000 }, (_, n) => event(from + n + 1)));
    }
    const pages = new EventPages(database.db);
    const first = pages.arrivals(0, { actions: ['none'], types: ['rare'] }, 10);
    assert.deepEqual([first.events.length, first.scannedToId], [0, 5_000], 'a name that is not known needs no look');
    const page = pages.arrivals(0, { since: 4, types: ['rare'] }, 10);
    assert.deepEqual([page.events.length, page.scannedToId], [0, limits.scanRows]);
    assert.equal(follow(pages, 0, { types: ['rare'] }, 10).length, 50);
    assert.equal(follow(pages, 0, {}, limits.pageRows).length, 5_000);
  });

  test('agree with a model', async (t) => {
    await checkProperty(
      t,
      fc.property(
        fc.array(anyEvent, { maxLength: 50, size: 'max' }),
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }),
        anyFilter,
        fc.nat(50),
        fc.integer({ min: 1, max: 7 }),
        (list, gone, filter, after, maxRows) => {
          using database = new TemporaryDatabase();
          database.append(list.map((each, n) => ({ ...each, data: { n } })));
          for (const id of gone) database.db.prepare('DELETE FROM event WHERE id = ?').run(id);
          const expected = list.flatMap(({ action, ...each }, index) => {
            const stored = { ...each, ...(action !== null && { action }), id: index + 1, data: { n: index } };
            return matchesModel(stored, filter) && stored.id > after && !gone.includes(stored.id) ? [stored] : [];
          });
          assert.deepEqual(follow(new EventPages(database.db), after, filter, maxRows), expected);
        },
      ),
      80,
    );
  });

  test('tell of every row that retention takes, also while the page is being read', () => {
    for (const interruption of [/last_id/, /FROM name/, /ORDER BY id/]) {
      using database = new TemporaryDatabase();
      database.append(Array.from({ length: 10 }, (_, n) => event(n + 1)));
      const reader = openReader(database.path);
      const remove = () => database.db.exec('DELETE FROM event WHERE id IN (1, 2, 3, 7, 10)');
      const pages = new EventPages(interrupted(reader, interruption, remove));
      const seen: number[] = [];
      const lost: number[] = [];
      for (let position = 0; position < 10; ) {
        const page = pages.arrivals(position, { types: ['common'] }, 100);
        seen.push(...ids(page.events));
        for (const { lostFrom, lostTo } of page.lost) for (let id = lostFrom; id <= lostTo; id += 1) lost.push(id);
        position = page.scannedToId;
      }
      reader.close();
      // Either the page is of before the deletion, or it says what is no longer there.
      const all = [...seen, ...lost].toSorted((one, other) => one - other);
      assert.deepEqual(
        all,
        Array.from({ length: 10 }, (_, n) => n + 1),
        `interrupted at ${interruption}`,
      );
    }
  });

  test('are bounded in bytes as they leave, however small gzip has made them', () => {
    using database = new TemporaryDatabase();
    const text = 'a'.repeat(1_000_000);
    database.append(Array.from({ length: 24 }, (_, n) => ({ ...event(n), data: { text, n } })));
    const { events } = new EventPages(database.db).arrivals(0, {}, limits.pageRows);
    const bytes = events.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
    assert.ok(events.length > 0);
    assert.ok(bytes <= limits.frameBytes, `a page of ${bytes} bytes does not fit into a frame`);
  });
});
