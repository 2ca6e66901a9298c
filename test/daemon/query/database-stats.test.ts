import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Retention } from '../../../daemon/retention/retention.ts';
import { DatabaseFigures } from '../../../daemon/query/database-stats.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

/** A quarter past an hour. */
const now = 472_222 * 3600 + 900;

describe('DatabaseFigures', () => {
  test('of an empty database are zeros and nulls', () => {
    using database = new TemporaryDatabase();
    const { database_size_mb: size, ...figures } = new DatabaseFigures(database.db).read(now);
    assert.deepEqual(figures, {
      total_events: 0,
      last_id: 0,
      total_patterns: 0,
      retention_removed: 0,
      retention_removed_at: null,
      forgotten: 0,
      forgotten_at: null,
      index_bytes: 0,
      recent_events_1h: 0,
      events_per_hour: 0,
      by_type: {},
      by_source: {},
      oldest_timestamp: null,
      newest_timestamp: null,
    });
    assert.equal(size, (statSync(database.path).size + statSync(`${database.path}-wal`).size) / 2 ** 20);
  });

  test('equal a recount, also after retention', async (t) => {
    const hours = fc.integer({ min: -30, max: 2 });
    const event = fc.record({
      type: fc.constantFrom('a', 'b', '__proto__', 'toString'),
      source: fc.constantFrom('x', 'constructor'),
      timestamp: fc.oneof(
        hours.map((hour) => now + hour * 3600),
        hours.map((hour) => now - 900 + hour * 3600),
      ),
    });
    await checkProperty(
      t,
      fc.property(fc.array(event, { maxLength: 80, size: 'max' }), fc.option(fc.nat(30)), (list, retainHours) => {
        using database = new TemporaryDatabase();
        const { db } = database;
        database.append(
          list.map((each, n) => ({ ...each, data: { n } })),
          now - 40 * 3600,
        );
        let left = list;
        if (retainHours !== null) {
          const retention = new Retention(db, database.store);
          let run = retention.begin(now - retainHours * 3_600);
          while (!run.isDone) run = retention.slice(run, 50);
          left = list.filter(({ timestamp }) => timestamp >= now - (retainHours / 24) * 86_400);
        }
        const count = (key: 'type' | 'source') => {
          const counts = new Map<string, number>();
          for (const each of left) counts.set(each[key], (counts.get(each[key]) ?? 0) + 1);
          return counts;
        };
        const figures = new DatabaseFigures(db).read(now);
        assert.equal(figures.total_events, left.length);
        assert.equal(figures.last_id, list.length);
        assert.deepEqual(new Map(Object.entries(figures.by_type)), count('type'));
        assert.deepEqual(new Map(Object.entries(figures.by_source)), count('source'));
        const between = (from: number, to: number) =>
          left.filter(({ timestamp }) => timestamp > from && timestamp <= to).length;
        assert.equal(figures.recent_events_1h, between(now - 3600, now));
        // The hour under way and the 23 before it: by hours of the clock, the future part of this one included.
        const thisHour = now - 900;
        const lastDay = left.filter(
          ({ timestamp }) => timestamp >= thisHour - 23 * 3600 && timestamp < thisHour + 3600,
        );
        assert.equal(figures.events_per_hour, lastDay.length / 23.25);
        const timestamps = left.map(({ timestamp }) => timestamp);
        assert.equal(figures.oldest_timestamp, timestamps.length === 0 ? null : Math.min(...timestamps));
        assert.equal(figures.newest_timestamp, timestamps.length === 0 ? null : Math.max(...timestamps));
      }),
      80,
    );
  });

  test('name the most frequent first', () => {
    using database = new TemporaryDatabase();
    const types = ['rare', 'most', 'most', 'most', 'often', 'often', 'also often', 'also often'];
    database.append(types.map((type, timestamp) => ({ type, source: 's', timestamp })));
    const figures = new DatabaseFigures(database.db).read(now);
    assert.deepEqual(Object.keys(figures.by_type), ['most', 'also often', 'often', 'rare']);
  });

  test('count patterns', () => {
    using database = new TemporaryDatabase();
    database.store.begin('normal');
    for (let n = 0; n < 3; n += 1) {
      database.store.appendPattern({ eventId: n, patternType: 'p', confidence: 1, patternData: '{}', embryoId: null });
    }
    database.store.commit();
    assert.equal(new DatabaseFigures(database.db).read(now).total_patterns, 3);
  });
});
