import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { after, describe, test } from 'node:test';
import { EventPages } from '../../../daemon/query/event-pages.ts';
import { openReader } from '../../../daemon/storage/open-database.ts';
import type { StoredEvent } from '../../../shared/event.ts';
import { limits } from '../../../shared/limits.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import { orders, type QueryRequest } from '../../../shared/messages/query.ts';
import { checkProperty } from '../../harness/property.ts';
import { anyEvent, anyFilter, anyOrder, listModel, walk } from '../../harness/query-model.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** The events as they come back: numbered in the order they were stored. */
function asStored(events: readonly Partial<StoredEvent>[], firstId = 1): StoredEvent[] {
  return events.map(
    ({ action, ...event }, index) =>
      ({ ...event, ...(typeof action === 'string' && { action }), id: firstId + index }) as StoredEvent,
  );
}

const ids = (events: readonly StoredEvent[]) => events.map(({ id }) => id);

const everything: QueryRequest = { filter: {}, order: 'asc', limit: 100 };

describe('a page', () => {
  test('walked to the end is the listing of the model, for any events and any question', async (t) => {
    const events = fc.array(anyEvent, { maxLength: 60, size: 'max' });
    const question = fc.record({
      filter: anyFilter,
      order: anyOrder,
      limit: fc.integer({ min: 1, max: 12 }),
      newest: fc.nat(70),
    });
    await checkProperty(
      t,
      fc.property(events, fc.array(question, { minLength: 1, maxLength: 8 }), (list, questions) => {
        using database = new TemporaryDatabase();
        const sent = list.map((event, n) => ({ ...event, data: { n } }));
        database.append(sent);
        const stored = asStored(sent as unknown as StoredEvent[]);
        const pages = new EventPages(database.db);
        for (const { newest, ...request } of questions) {
          const maxId = newest > 65 ? undefined : newest;
          const found = walk((each) => pages.page(each), { ...request, ...(maxId !== undefined && { maxId }) });
          assert.deepEqual(found, listModel(stored, request.filter, request.order, maxId));
        }
      }),
      150,
    );
  });

  test('is never longer than asked, and has no cursor at the end', () => {
    using database = new TemporaryDatabase();
    database.append([1, 2, 3].map((timestamp) => ({ type: 'a', source: 'b', timestamp })));
    const pages = new EventPages(database.db);
    const first = pages.page({ ...everything, limit: 2 });
    assert.deepEqual(ids(first.events), [1, 2]);
    assert.ok(first.cursor);
    const last = pages.page({ ...everything, limit: 2, cursor: first.cursor });
    assert.deepEqual(ids(last.events), [3]);
    assert.equal(last.cursor, null);
    assert.equal(pages.page({ ...everything, limit: 3 }).cursor, null, 'the end is known without another page');
  });

  test('of an empty database, and of names that no event has, is the end', () => {
    using database = new TemporaryDatabase();
    const nothing = { events: [], cursor: null, partial: false, damaged: [] };
    assert.deepEqual(new EventPages(database.db).page(everything), { ...nothing, newestId: 0 });
    database.append([{ type: 'a', source: 'b', timestamp: 1 }]);
    for (const filter of [{ types: ['z'] }, { sources: ['a'] }, { actions: ['a'] }, { since: 2 }, { until: 1 }]) {
      assert.deepEqual(new EventPages(database.db).page({ ...everything, filter }), { ...nothing, newestId: 1 });
    }
  });

  test('names the newest id ever given, also when that event is gone', () => {
    using database = new TemporaryDatabase();
    database.append([1, 2, 3].map((timestamp) => ({ type: 'a', source: 'b', timestamp })));
    database.db.exec('DELETE FROM event WHERE id = 3');
    assert.equal(new EventPages(database.db).page(everything).newestId, 3);
  });
});

describe('pages between which events come and go', () => {
  test('neither repeat nor lose one that stays', async (t) => {
    const change = fc.record({
      remove: fc.array(fc.nat(90), { maxLength: 5 }),
      add: fc.array(anyEvent, { maxLength: 5 }),
    });
    await checkProperty(
      t,
      fc.property(
        fc.array(anyEvent, { minLength: 10, maxLength: 60, size: 'max' }),
        fc.record({ filter: anyFilter, order: anyOrder, limit: fc.integer({ min: 1, max: 6 }) }),
        fc.array(change, { maxLength: 20 }),
        (list, request, changes) => {
          using database = new TemporaryDatabase();
          const sent = list.map((event, n) => ({ ...event, data: { n } }));
          database.append(sent);
          const stored = asStored(sent as unknown as StoredEvent[]);
          const reader = openReader(database.path);
          const pages = new EventPages(reader);
          const remove = database.db.prepare('DELETE FROM event WHERE id = ?');
          const untouched = new Set(stored.map(({ id }) => id));
          let added = 1000;
          const found = walk(
            (each) => pages.page(each),
            request,
            () => {
              const { remove: gone = [], add = [] } = changes.shift() ?? {};
              for (const id of gone) {
                remove.run(id);
                untouched.delete(id);
              }
              database.append(add.map((event) => ({ ...event, data: { n: (added += 1) } })));
            },
          );
          reader.close();
          assert.equal(new Set(ids(found)).size, found.length, 'nothing comes twice');
          const expected = listModel(stored, request.filter, request.order).filter(({ id }) => untouched.has(id));
          assert.deepEqual(
            found.filter(({ id }) => untouched.has(id)),
            expected,
          );
        },
      ),
      60,
    );
  });

  test('show one state with maxId, though events are stored meanwhile at every place', () => {
    using database = new TemporaryDatabase();
    const event = (timestamp: number, n: number) => ({ type: 'a', source: 'b', timestamp, data: { n } });
    database.append(Array.from({ length: 20 }, (_, n) => event(n % 3, n)));
    const pages = new EventPages(database.db);
    const maxId = pages.page(everything).newestId;
    for (const order of ['asc', 'desc'] as const) {
      let n = 1000;
      const found = walk(
        (each) => pages.page(each),
        { ...everything, order, limit: 3, maxId },
        () => database.append([0, 1, 2, 3].map((timestamp) => event(timestamp, (n += 1)))),
      );
      assert.equal(found.length, 20);
    }
  });
});

describe('a page over more rows than one statement reads', () => {
  const database = new TemporaryDatabase();
  after(() => database[Symbol.dispose]());
  // Actions are rare, so that a page has to pass over thousands of rows; many share their instant.
  const sent = Array.from({ length: 7_000 }, (_, n) => ({
    type: n % 50 === 0 ? 'web' : n % 3 === 0 ? 'file' : 'app',
    source: n % 2 === 0 ? 'fs' : 'shell',
    timestamp: [0, 0.5, 1, 2, 3][(n * 7) % 5] ?? 0,
    data: { n },
    ...(n % 997 === 0 && { action: 'create' }),
    ...(n % 1013 === 0 && { action: '' }),
  }));
  for (let from = 0; from < sent.length; from += 1000) database.append(sent.slice(from, from + 1000));
  const stored = asStored(sent);
  const pages = new EventPages(database.db);

  test('finds what the model finds', async (t) => {
    const limit = fc.constantFrom(1, 10, 333, 999, limits.pageRows);
    const maxId = fc.option(fc.nat(7_100), { nil: undefined, freq: 2 });
    await checkProperty(
      t,
      fc.property(anyFilter, anyOrder, limit, maxId, (filter, order, rows, newest) => {
        const expected = listModel(stored, filter, order, newest);
        // A listing of thousands in pages of one says nothing that pages of ten do not.
        const request = { filter, order, limit: expected.length > 500 ? Math.max(rows, 333) : rows };
        const found = walk((each) => pages.page(each), { ...request, ...(newest !== undefined && { maxId: newest }) });
        assert.deepEqual(ids(found), ids(expected));
      }),
      60,
    );
  });

  test('ends early when its time is up, and the cursor leads on', (t) => {
    let nowMs = 0;
    t.mock.method(performance, 'now', () => (nowMs += 2 * limits.queryDeadlineMs));
    let partial = 0;
    const request: QueryRequest = { ...everything, filter: { actions: ['create'] } };
    const found = walk(
      (each) => pages.page(each),
      request,
      (reply) => {
        if (reply.partial) partial += 1;
      },
    );
    assert.deepEqual(ids(found), ids(listModel(stored, request.filter, 'asc')));
    assert.ok(partial >= 3, 'each statement was the last of its page');
  });
});

describe('a filter by processed', () => {
  test('goes by the mark of each event, and of no other', () => {
    using database = new TemporaryDatabase();
    const types = ['a', 'b', 'a', 'b', 'a', 'a'];
    database.append(types.map((type, timestamp) => ({ type, source: 's', timestamp })));
    database.db.exec('UPDATE event SET processed = 1 WHERE id IN (2, 3, 6)');
    const pages = new EventPages(database.db);
    const found = (filter: EventFilter) => ids(pages.page({ ...everything, filter }).events);
    assert.deepEqual(found({ processed: true }), [2, 3, 6]);
    assert.deepEqual(found({ processed: false }), [1, 4, 5]);
    assert.deepEqual(found({ processed: false, types: ['a'] }), [1, 5]);
    assert.deepEqual(found({ processed: true, types: ['a'], since: 3 }), [6]);
    assert.deepEqual(ids(pages.arrivals(1, { processed: false }, 10).events), [4, 5]);
  });
});

describe('events of one instant, more than a window holds', () => {
  test('cost no more than others: each window looks at about as many as the page has', () => {
    using database = new TemporaryDatabase();
    database.append(
      Array.from({ length: 9_000 }, (_, n) => ({ type: `t${n % 3}`, source: `s${n % 2}`, timestamp: 5, data: { n } })),
    );
    let rows = 0;
    const counting = new Proxy(database.db, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
        return (sql: string) => {
          const statement = target.prepare(sql);
          const all = statement.all.bind(statement);
          statement.all = (...parameters) => {
            const found = all(...parameters);
            rows += found.length;
            return found;
          };
          return statement;
        };
      },
    });
    const pages = new EventPages(counting);
    for (const order of orders) {
      rows = 0;
      const found = walk((each) => pages.page(each), { filter: {}, order, limit: 100 });
      assert.equal(new Set(ids(found)).size, 9_000);
      assert.ok(rows / 90 < 400, `${rows / 90} rows a page`);
    }
  });
});

describe('the size of a page', () => {
  /** Text that gzip cannot halve. */
  const noise = (bytes: number, n: number) => {
    let state = n + 1;
    const codes = Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return 0x23 + ((state >>> 16) % 57);
    });
    return Buffer.from(codes).toString('latin1');
  };

  test('is bounded in bytes, and each page holds at least one event', () => {
    using database = new TemporaryDatabase();
    const sizes = [900_000, 10, 700_000, 700_000, 700_000, 1_000_000, 1_000_000, 1_000_000, 20];
    database.append(
      sizes.map((bytes, n) => ({ type: 'a', source: 'b', timestamp: n, data: { text: noise(bytes, n) } })),
    );
    const pages = new EventPages(database.db);
    let partial = 0;
    const found = walk(
      (each) => pages.page(each),
      everything,
      ({ events, partial: isPartial, cursor }) => {
        const bytes = events.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
        assert.ok(events.length > 0);
        assert.ok(bytes <= 2 * limits.pageBytes, `${bytes} bytes`);
        if (isPartial) partial += 1;
        assert.equal(isPartial, cursor !== null);
      },
    );
    assert.deepEqual(ids(found), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.ok(partial >= 2);
  });

  test('is bounded in bytes as they leave, however small gzip has made them', () => {
    using database = new TemporaryDatabase();
    const text = 'a'.repeat(1_000_000);
    database.append(
      Array.from({ length: 24 }, (_, n) => ({ type: 'a', source: 'b', timestamp: n, data: { text, n } })),
    );
    const pages = new EventPages(database.db);
    const found = walk(
      (each) => pages.page(each),
      everything,
      ({ events }) => {
        const bytes = events.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
        assert.ok(bytes <= limits.frameBytes, `a page of ${bytes} bytes does not fit into a frame`);
      },
    );
    assert.equal(found.length, 24);
  });
});

describe('a payload that was damaged in the file', () => {
  for (const [what, damage] of [
    ['no gzip', Buffer.from('not a gzip')],
    ['no JSON', '{"a":'],
  ] as const) {
    test(`costs its own event, which is named, and not those around it: ${what}`, () => {
      using database = new TemporaryDatabase();
      database.append([1, 2, 3].map((timestamp) => ({ type: 'a', source: 'b', timestamp })));
      database.db.prepare('UPDATE event SET data = ? WHERE id = 2').run(damage);
      const pages = new EventPages(database.db);
      for (const limit of [1, 2, 100]) {
        const damaged: number[] = [];
        const found = walk(
          (each) => pages.page(each),
          { ...everything, limit },
          (reply) => damaged.push(...reply.damaged),
        );
        assert.deepEqual([ids(found), damaged], [[1, 3], [2]]);
      }
      const arrivals = pages.arrivals(0, {}, 100);
      assert.deepEqual([ids(arrivals.events), arrivals.damaged, arrivals.scannedToId], [[1, 3], [2], 3]);
    });
  }
});
