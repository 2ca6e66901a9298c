import type { Database } from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DatabaseFigures } from '../../../daemon/query/database-stats.ts';
import type { Drive } from '../../../daemon/query/event-filter.ts';
import { EventPages } from '../../../daemon/query/event-pages.ts';
import { KeyStreams } from '../../../daemon/query/key-stream.ts';
import { orders } from '../../../shared/messages/query.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const range = { since: 0, until: 10 };

/** The database, with every statement that is prepared on it written down. */
function watched(db: Database): { db: Database; prepared: string[] } {
  const prepared: string[] = [];
  const proxy = new Proxy(db, {
    get(target, name) {
      if (name === 'prepare') {
        return (sql: string) => {
          prepared.push(sql);
          return target.prepare(sql);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { db: proxy, prepared };
}

interface PlanStep {
  /** The step of the statement, or of the subquery, that this one belongs to. */
  parent: number;
  detail: string;
}

function planOf(db: Database, sql: string): PlanStep[] {
  const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 1);
  return db.prepare<unknown[], PlanStep>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
}

/** Rows enough that a planner with statistics would be tempted. */
function filled(): TemporaryDatabase {
  const database = new TemporaryDatabase();
  database.append(
    Array.from({ length: 3_000 }, (_, n) => ({
      type: `t${n % 2}`,
      source: `s${n % 2}`,
      timestamp: n % 7,
      data: { n },
    })),
  );
  database.db.exec('ANALYZE');
  return database;
}

const drives: [drive: Drive, index: string][] = [
  [{ by: 'time' }, 'event_identity'],
  [{ by: 'name', pairs: [[1, 1]] }, 'event_by_name'],
];

describe('the statements of a page', () => {
  for (const [drive, index] of drives) {
    for (const order of orders) {
      test(`walk ${index} ${order} and sort nothing`, () => {
        using database = filled();
        const { db, prepared } = watched(database.db);
        const streams = new KeyStreams(db);
        for (const columns of ['keys', 'candidates', 'events'] as const) {
          for (const from of [undefined, { timestamp: 3, id: 1 }]) {
            for (const stream of streams.open(drive, range, order, from, columns)) stream.peek(5_000);
          }
        }
        // By name: the rest of an instant, and the range behind it.
        const onEvents = prepared.filter((sql) => !sql.includes('SELECT type_id, source_id FROM'));
        assert.equal(onEvents.length, drive.by === 'time' ? 3 : 6);
        for (const sql of onEvents) {
          const plan = planOf(database.db, sql);
          const walked = new RegExp(`^SEARCH event USING INDEX ${index} \\(.*timestamp[=><]`);
          assert.equal(plan.length, 1, sql);
          assert.match(plan[0]?.detail ?? '', walked);
        }
      });
    }
  }

  for (const order of orders) {
    test(`go ${order} through a crowded instant by the index by name`, () => {
      using database = filled();
      database.append([{ type: 't2', source: 's1', timestamp: 3, data: {} }]);
      const { db, prepared } = watched(database.db);
      const [stream] = new KeyStreams(db).open({ by: 'time' }, range, order, { timestamp: 3, id: 1_000 });
      assert.equal(stream?.peek(50)?.timestamp, 3);
      const [sql = ''] = prepared.filter((each) => /INDEXED BY event_by_.* id [<>]/s.test(each));
      assert.deepEqual(
        planOf(database.db, sql).map(({ detail }) => detail),
        [
          `SEARCH event USING INDEX event_by_name (type_id=? AND source_id=? AND timestamp=? AND rowid${order === 'asc' ? '>' : '<'}?)`,
        ],
      );
    });
  }

  test('that follow arrivals walk the table by id', () => {
    using database = filled();
    const { db, prepared } = watched(database.db);
    const pages = new EventPages(db);
    pages.arrivals(0, {}, 10);
    const statements = prepared.filter((sql) => sql.includes('ORDER BY id'));
    assert.equal(statements.length, 1);
    const plan = planOf(database.db, statements[0] ?? '').map(({ detail }) => detail);
    assert.deepEqual(plan, ['SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)']);
  });

  test('that count the last hour read only an index', () => {
    using database = filled();
    const { db, prepared } = watched(database.db);
    new DatabaseFigures(db).read(5);
    const onEvents = prepared.filter((sql) => /FROM event\b/.test(sql));
    assert.ok(onEvents.length >= 3);
    for (const sql of onEvents) {
      for (const { detail } of planOf(database.db, sql)) assert.match(detail, /COVERING INDEX event_identity/, sql);
    }
  });
});

describe('KeyStreams', () => {
  test('goes on where it was when rows came and went between its windows', () => {
    using database = new TemporaryDatabase();
    const at = (timestamp: number, n: number) => ({ type: 'a', source: 'b', timestamp, data: { n } });
    database.append([at(1, 1), at(1, 2), at(1, 3), at(2, 4), at(2, 5)]);
    const [stream] = new KeyStreams(database.db).open({ by: 'name', pairs: [[1, 1]] }, range, 'asc', undefined);
    assert.ok(stream);
    const taken: number[] = [];
    const take = (count: number) => {
      for (let n = 0; n < count; n += 1) {
        const key = stream.peek(2);
        if (key !== undefined) taken.push(key.id);
        stream.take();
      }
    };
    take(2);
    assert.equal(stream.isDrained, true);
    database.db.exec('DELETE FROM event WHERE id IN (2, 3)');
    // Before the place it has reached, at it, and behind it.
    database.append([at(0.5, 6), at(1, 7), at(3, 8)]);
    take(6);
    assert.deepEqual(taken, [1, 2, 7, 4, 5, 8]);
    assert.equal(stream.peek(2), undefined);
    assert.equal(stream.isDrained, false);
  });

  test('tells the instant next to another from it', () => {
    using database = new TemporaryDatabase();
    const next = 1.000_000_000_000_000_2;
    database.append([1, next, 1.5].map((timestamp) => ({ type: 'a', source: 'b', timestamp })));
    const [stream] = new KeyStreams(database.db).open({ by: 'time' }, range, 'asc', { timestamp: 1, id: 1 });
    assert.equal(stream?.peek(10)?.timestamp, next);
    const [back] = new KeyStreams(database.db).open({ by: 'time' }, range, 'desc', { timestamp: next, id: 2 });
    assert.equal(back?.peek(10)?.timestamp, 1);
  });
});
