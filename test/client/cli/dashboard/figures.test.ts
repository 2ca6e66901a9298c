import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ascii, blocks, charsetOf } from '../../../../client/cli/dashboard/charset.ts';
import { bar, sparkline } from '../../../../client/cli/dashboard/curve.ts';
import { Duty, ordinaryPace } from '../../../../client/cli/dashboard/duty.ts';
import { LatestEvents } from '../../../../client/cli/dashboard/latest-events.ts';
import { MinuteCounts } from '../../../../client/cli/dashboard/minute-counts.ts';
import { secondsToNextState } from '../../../../client/cli/dashboard/next-state.ts';
import type { SourceActivity } from '../../../../shared/messages/sources.ts';

describe('what the dashboard makes of figures', () => {
  test('a curve: neighbours share a cell, nothing is a blank, what is not known too', () => {
    assert.equal(sparkline([0, 1, 4, 8], 4, blocks), ' ▂▅█');
    assert.equal(sparkline([1, 1, 4, 4, 0, null], 3, blocks), '▃█ ');
    assert.equal(sparkline([1, 2, 3, 4, 5], 3, blocks), '▁▅█');
    assert.equal(sparkline([null, 0, 0], 3, ascii), '   ');
  });

  test('a bar: whole and part cells, and never nothing for something', () => {
    assert.equal(bar(1, 4, blocks), '████');
    assert.equal(bar(0.5, 3, blocks), '█▌');
    assert.equal(bar(0.0001, 4, blocks), '▏');
    assert.equal(bar(0, 4, blocks), '');
    assert.equal(bar(0.5, 4, ascii), '##');
    assert.equal(bar(0.01, 4, ascii), '#');
  });

  test('signs by the locale', () => {
    assert.equal(charsetOf({ LANG: 'de_CH.UTF-8' }), blocks);
    assert.equal(charsetOf({}), blocks);
    assert.equal(charsetOf({ LANG: 'C' }), ascii);
    assert.equal(charsetOf({ LC_ALL: 'en_US.utf8', LANG: 'C' }), blocks);
  });

  test('a minute is counted until a while after its end, then never again, unless all are', () => {
    const start = 1_000_000 * 60;
    const counts = new MinuteCounts();
    assert.equal(counts.due(start).length, 60);
    for (const minute of counts.due(start)) counts.set(minute, 1, start);
    assert.deepEqual(counts.due(start), [start, start - 60], 'the one before may still get late events');
    assert.equal(counts.figures(start, false).since, start - 59 * 60);
    assert.deepEqual(counts.figures(start, false).events, Array.from({ length: 60 }).fill(1));

    const later = start + 120;
    assert.deepEqual(counts.due(later), [later, later - 60, later - 120, later - 180]);
    assert.deepEqual(counts.figures(later, false).events.slice(-3), [1, null, null]);
    assert.deepEqual(counts.figures(later, true).events.slice(-3), [1, 0, 0], 'nothing has come since');
    counts.recount();
    assert.equal(counts.due(start).length, 60);
  });

  test('what takes long is asked for less', async () => {
    let nowMs = 0;
    const clock = () => nowMs;
    const slow = new Duty(1_000, ordinaryPace, clock);
    assert.ok(slow.isDue());
    await slow.run(async () => (nowMs = 500));
    assert.ok(!slow.isDue(500 + 20 * 500 - 1));
    assert.ok(slow.isDue(500 + 20 * 500));
    nowMs = 0;
    const quick = new Duty(1_000, ordinaryPace, clock);
    await assert.rejects(quick.run(() => Promise.reject(new Error('refused'))));
    assert.ok(!quick.isDue(999), 'a refusal is an answer');
    assert.ok(quick.isDue(1_000));
  });

  test('the newest events by time, each once', () => {
    const event = (id: number, timestamp: number, type = 'a') => ({ id, timestamp, type, source: 's', data: {} });
    const latest = new LatestEvents(3);
    assert.ok(latest.add([event(1, 10), event(2, 10), event(1, 10), event(3, 5)]));
    assert.deepEqual(
      latest.list.map(({ id }) => id),
      [2, 1, 3],
    );
    assert.ok(!latest.add([event(4, 1), event(2, 10)]), 'older than all that are shown, or shown');
    assert.ok(latest.add([event(5, 7)]));
    assert.deepEqual(
      latest.list.map(({ id }) => id),
      [2, 1, 5],
    );
    latest.filter = 'B';
    assert.deepEqual(latest.list, []);
    assert.ok(latest.add([event(6, 1), event(7, 1, 'abc')]));
    assert.deepEqual(
      latest.list.map(({ id }) => id),
      [7],
    );
    assert.ok(latest.add([event(0, 1, 'b'), event(0, 1, 'b')]), 'of a daemon that stores nothing');
    assert.equal(latest.list.length, 3);
  });

  test('sources are asked about when one of them will be in another state', () => {
    const source = (changed: Partial<SourceActivity>): SourceActivity => ({
      source: 's',
      events: 1,
      last_timestamp: 1,
      last_committed: 1,
      cadence_seconds: null,
      state: 'idle',
      silent_seconds: 0,
      ...changed,
    });
    assert.equal(secondsToNextState([], 5), Number.POSITIVE_INFINITY);
    assert.equal(
      secondsToNextState([source({}), source({ state: 'stalled', cadence_seconds: 60 })], 5),
      Number.POSITIVE_INFINITY,
    );
    assert.equal(secondsToNextState([source({ state: 'live', silent_seconds: 100 })], 5), 501);
    assert.equal(secondsToNextState([source({ state: 'live', cadence_seconds: 60, silent_seconds: 10 })], 5), 81);
    assert.equal(secondsToNextState([source({ state: 'late', cadence_seconds: 60, silent_seconds: 95 })], 5), 86);
    assert.equal(secondsToNextState([source({ state: 'late', cadence_seconds: 1, silent_seconds: 9_000 })], 5), 30);
  });
});
