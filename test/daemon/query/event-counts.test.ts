import assert from 'node:assert/strict';
import type { Database } from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { Deadline } from '../../../daemon/query/deadline.ts';
import { EventCounts } from '../../../daemon/query/event-counts.ts';
import { finish } from '../../../daemon/query/steps.ts';
import type { StoredEvent } from '../../../shared/event.ts';
import {
  count,
  type CountDimension,
  countDimensions,
  type CountReply,
  type CountRequest,
} from '../../../shared/messages/count.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import { checkProperty } from '../../harness/property.ts';
import { anyFilter, matchesModel } from '../../harness/query-model.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const HOUR = 3_600;

/** Asks until there is no rest. `isHurried`: every answer is cut off as early as it can be. */
function counted(counts: EventCounts, request: CountRequest, isHurried = false): { [group: string]: number } {
  const sums: { [group: string]: number } = {};
  let reply: CountReply | undefined;
  do {
    const deadline = new Deadline(60_000);
    if (isHurried) deadline.end();
    reply = finish(counts.countInSteps({ ...request, ...(reply?.cursor && { cursor: reply.cursor }) }, deadline));
    assert.equal(reply.partial, reply.cursor !== null);
    for (const group of reply.groups) {
      const key = JSON.stringify(group.slice(0, -1));
      sums[key] = (sums[key] ?? 0) + Number(group.at(-1));
    }
  } while (reply.cursor !== null);
  return sums;
}

function countModel(events: readonly StoredEvent[], filter: EventFilter, by: readonly CountDimension[]) {
  const sums: { [group: string]: number } = {};
  for (const event of events.filter((each) => matchesModel(each, filter))) {
    const values = { ...event, action: event.action ?? null, hour: Math.floor(event.timestamp / HOUR) * HOUR };
    const key = JSON.stringify(by.map((dimension) => values[dimension]));
    sums[key] = (sums[key] ?? 0) + 1;
  }
  return sums;
}

describe('a count', () => {
  test('equals a count of the model, for any events, filter and dimensions, however it is cut up', async (t) => {
    const times = [0, 1, HOUR - 0.5, HOUR, HOUR + 1, 5 * HOUR, 6 * HOUR - 1, 1_700_000_000];
    const event = fc.record({
      type: fc.constantFrom('file', 'app', 'web'),
      source: fc.constantFrom('fs', 'shell'),
      action: fc.constantFrom(null, 'create', 'delete', ''),
      timestamp: fc.constantFrom(...times),
    });
    const range = fc.record(
      { since: fc.constantFrom(-1, ...times, 2 * HOUR), until: fc.constantFrom(...times, 7 * HOUR) },
      { requiredKeys: [] },
    );
    const by = fc
      .subarray([...countDimensions])
      .chain((chosen) => fc.shuffledSubarray(chosen, { minLength: chosen.length }));
    const question = fc.tuple(anyFilter, range, by, fc.boolean());
    await checkProperty(
      t,
      fc.property(
        fc.array(event, { maxLength: 60, size: 'max' }),
        fc.array(fc.nat(80), { maxLength: 8 }),
        fc.array(question, { minLength: 1, maxLength: 8 }),
        (list, removed, questions) => {
          using database = new TemporaryDatabase();
          database.append(list.map((each, n) => ({ ...each, data: { n } })));
          remove(database, removed);
          const stored = list.flatMap(({ action, ...each }, n): StoredEvent[] =>
            removed.includes(n + 1) ? [] : [{ ...each, id: n + 1, data: { n }, ...(action !== null && { action }) }],
          );
          const counts = new EventCounts(database.db);
          for (const [names, between, dimensions, isHurried] of questions) {
            const { since: _since, until: _until, ...rest } = names;
            const filter = { ...rest, ...between };
            assert.deepEqual(
              counted(counts, { filter, by: dimensions }, isHurried),
              countModel(stored, filter, dimensions),
              JSON.stringify({ filter, dimensions, isHurried }),
            );
          }
        },
      ),
      40,
    );
  });

  test('goes on behind its windows, by whichever index', () => {
    using database = new TemporaryDatabase();
    const events = Array.from({ length: 9_000 }, (_, n) => ({
      type: n % 2 === 0 ? 'a' : `b${n % 50}`,
      source: 's',
      timestamp: n < 5_000 ? 10 : 20 + n,
      data: { n },
    }));
    for (let from = 0; from < events.length; from += 1_000) database.append(events.slice(from, from + 1_000));
    const stored = events.map((event, n): StoredEvent => ({ ...event, id: n + 1 }));
    const counts = new EventCounts(database.db);
    const filters: EventFilter[] = [
      { since: 1 },
      { since: 1, types: ['a', 'b1'] },
      { processed: false },
      { where: [{ path: ['data', 'n'], op: '<', value: 8_900 }] },
      { types: ['b1', 'b3'], where: [{ path: ['data', 'n'], op: '<', value: 8_900 }] },
    ];
    for (const { processed, ...filter } of filters) {
      const asked = { ...filter, ...(processed !== undefined && { processed }) };
      // With conditions, time is looked at after each event: a window an event.
      for (const isHurried of filter.where === undefined ? [false, true] : [false]) {
        assert.deepEqual(
          counted(counts, { filter: asked, by: ['type'] }, isHurried),
          countModel(stored, filter, ['type']),
        );
      }
    }
  });

  test('stays with its index when another becomes the better one', () => {
    using database = new TemporaryDatabase();
    const of = (type: string, from: number) =>
      Array.from({ length: 2_500 }, (_, n) => ({ type, source: 's', timestamp: from + n, data: { n } }));
    database.append(of('a', 1));
    database.append(of('b', 1));
    const counts = new EventCounts(database.db);
    const filter: EventFilter = { types: ['a', 'new', 'b'], sources: ['s'], since: 1, until: 2_000 };
    const ask = (cursor?: string) => {
      const deadline = new Deadline(60_000);
      deadline.end();
      return finish(counts.countInSteps({ filter, by: [], ...(cursor !== undefined && { cursor }) }, deadline));
    };
    let reply = ask();
    let total = 0;
    while (reply.cursor !== null) {
      total += Number(reply.groups[0]?.[0] ?? 0);
      // One more name in the filter is known by now, and types have more events than the source did.
      database.append([{ type: 'new', source: 's', timestamp: 5_000 + total, data: { total } }]);
      database.db.exec("UPDATE name SET events = 1 WHERE kind = 'source'");
      reply = ask(reply.cursor);
    }
    assert.equal(total + Number(reply.groups[0]?.[0] ?? 0), 2 * 1_999);
  });

  test('of whole hours looks at no event', () => {
    using database = new TemporaryDatabase();
    database.append(
      Array.from({ length: 10 }, (_, n) => ({ type: 'a', source: 's', timestamp: n * HOUR, data: { n } })),
    );
    const counts = new EventCounts(withoutEvents(database.db));
    assert.deepEqual(counted(counts, { filter: {}, by: [] }), { '[]': 10 });
    const filter = { since: 2 * HOUR, until: 5 * HOUR, types: ['a'], sources: ['s', 'other'] };
    assert.deepEqual(counted(counts, { filter, by: ['type'] }), { '["a"]': 3 });
    assert.throws(() => counted(counts, { filter: { since: 1 }, by: [] }), /looked at events/);
  });

  test('says how many events it could not judge', () => {
    using database = new TemporaryDatabase();
    database.append([1, 2, 3].map((n) => ({ type: 'a', source: 's', timestamp: n, data: { n } })));
    database.db.prepare('UPDATE event SET data = ? WHERE id = 2').run('{"n":');
    const request: CountRequest = { filter: { where: [{ path: ['data', 'n'], op: 'exists' }] }, by: [] };
    const reply = finish(new EventCounts(database.db).countInSteps(request, new Deadline(60_000)));
    assert.deepEqual(reply, { groups: [[2]], cursor: null, partial: false, damaged: 1 });
  });

  test('refuses a cursor that is none of its own', () => {
    using database = new TemporaryDatabase();
    database.append([{ type: 'a', source: 's', timestamp: 5 }]);
    const counts = new EventCounts(database.db);
    const id = String(database.db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
    const cursors: unknown[] = [
      ['other', 'count', 0, null, null],
      [id, 'asc', 0, 0],
      [id, 'asc', 0, null, null],
      [id, 'count', -1, null, null],
      [id, 'count', 9, null, null],
      [id, 'count', 0, 'type', null],
      [id, 'count', 0, ['type'], null],
      [id, 'count', 0, ['type', 'a'], null],
      [id, 'count', 0, ['action', 1], null],
      [id, 'count', 0, ['type', 1], [1, 'ff']],
      [id, 'count', 0, null, 'x'],
      [id, 'count', 0, null, [1]],
      [id, 'count', 0, null, [1, 2]],
      [id, 'count', 0, null, [null, 'ff']],
    ];
    for (const parts of cursors) {
      const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
      const ask = () => finish(counts.countInSteps({ filter: { since: 1 }, by: [], cursor }, new Deadline(60_000)));
      assert.throws(ask, { code: 'invalid_cursor' }, JSON.stringify(parts));
    }
  });
});

describe('a count request', () => {
  test('takes each dimension once, in any order', () => {
    assert.deepEqual(count.parseRequest({}), { filter: {}, by: [] });
    assert.deepEqual(count.parseRequest({ by: ['hour', 'type'] }), { filter: {}, by: ['hour', 'type'] });
    for (const by of ['type', ['day'], ['type', 'type'], [1], {}]) {
      assert.throws(() => count.parseRequest({ by }), { code: 'invalid_request', message: /by must be a list/ });
    }
  });
});

/** Deletes events as retention does: their counts go with them. */
function remove(database: TemporaryDatabase, ids: readonly number[]): void {
  const row = database.db.prepare<
    [number],
    { timestamp: number; type_id: number; source_id: number; action_id: number | null }
  >('SELECT timestamp, type_id, source_id, action_id FROM event WHERE id = ?');
  for (const id of new Set(ids)) {
    const gone = row.get(id);
    if (gone === undefined) continue;
    database.db
      .prepare(
        'UPDATE rollup SET removed = removed + 1 WHERE hour = ? AND type_id = ? AND source_id = ? AND action_id = ?',
      )
      .run(Math.floor(gone.timestamp / HOUR), gone.type_id, gone.source_id, gone.action_id ?? 0);
    database.db.prepare('DELETE FROM event WHERE id = ?').run(id);
  }
}

/** The database, on which every statement that would look at events fails. */
function withoutEvents(db: Database): Database {
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
      return (sql: string) => {
        const statement = target.prepare(sql);
        if (!/\bFROM event\b/.test(sql)) return statement;
        const fail = () => {
          throw new Error('looked at events');
        };
        statement.all = fail;
        statement.get = fail;
        return statement;
      };
    },
  });
}
