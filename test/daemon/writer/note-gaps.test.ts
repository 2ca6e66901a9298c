import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noteOrigin, noteRefused, noteReported } from '../../../daemon/writer/note-gaps.ts';
import { preparedRows } from '../../harness/prepared.ts';
import { encode } from '../../../shared/codec.ts';
import type { Origin } from '../../../shared/messages/origin.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const now = 1_760_000_000;
const event = (timestamp: number, source = 's') => ({ type: 't', source, timestamp });
const bad = (timestamp: number, source = 's') => ({ ...event(timestamp, source), type: '' });
const origin = (first: number): Origin => ({ producer: 'p', epoch: 'e', first });

/** Does with a request what the group commit does with its gaps. */
class Trial {
  readonly database = new TemporaryDatabase();

  record(events: unknown[], from?: Origin): void {
    const { store, names } = this.database;
    const { rows, rejected, refused } = preparedRows(encode({ events }), names, now);
    store.begin('normal');
    noteRefused(store.gaps, names, refused, from, now);
    if (from !== undefined) noteOrigin(store.gaps, from, rows, rejected.length, now);
    store.append(rows, now);
    store.commit();
  }

  gaps(): unknown[][] {
    return this.database.db
      .prepare<[], unknown[]>(
        `SELECT reason, gap.events, gap.producer, text, since, until, from_counter, to_counter
         FROM gap LEFT JOIN name ON kind = 'source' AND name.id = source_id ORDER BY gap.id`,
      )
      .raw()
      .all();
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }
}

describe('noteOrigin', () => {
  test('counts the events of a request, the rejected ones too', () => {
    using trial = new Trial();
    trial.record([event(1), bad(2), event(3)], origin(1));
    trial.record([bad(4)], origin(4));
    trial.record([event(5)], origin(5));
    assert.deepEqual(
      trial.gaps().map(([reason, events]) => [reason, events]),
      [['rejected: invalid_type', 2]],
    );
  });

  test('takes the times and the source of a gap from the events around it', () => {
    using trial = new Trial();
    trial.record([event(10, 'first'), event(20, 'last')], origin(1));
    trial.record([event(50, 'next'), event(60)], origin(6));
    assert.deepEqual(trial.gaps(), [['missing', 3, 'p', 'last', 20, 50, 3, 5]]);
  });

  test('lets a request without any event pass', () => {
    using trial = new Trial();
    trial.record([], origin(100));
    trial.record([event(1)], origin(1));
    assert.deepEqual(trial.gaps(), []);
  });
});

describe('noteRefused', () => {
  test('sums up by code and source what a request had', () => {
    using trial = new Trial();
    trial.record([bad(7), bad(3), bad(5, 'other'), { ...event(4), timestamp: -1 }, 'no event'], undefined);
    assert.deepEqual(trial.gaps(), [
      ['rejected: invalid_type', 2, null, 's', 3, 7, null, null],
      ['rejected: invalid_type', 1, null, 'other', 5, 5, null, null],
      ['rejected: invalid_timestamp', 1, null, 's', now, now, null, null],
      ['rejected: invalid_event', 1, null, null, now, now, null, null],
    ]);
  });

  test('counts an event with a number once, however often it is sent', () => {
    using trial = new Trial();
    for (let time = 0; time < 3; time += 1) trial.record([bad(1), event(2), bad(3)], origin(1));
    trial.record([bad(3), bad(4)], origin(3));
    assert.deepEqual(trial.gaps(), [['rejected: invalid_type', 3, 'p', 's', 1, 4, null, null]]);
  });

  test('counts one without a number each time', () => {
    using trial = new Trial();
    for (let time = 0; time < 3; time += 1) trial.record([bad(1)]);
    assert.deepEqual(trial.gaps(), [['rejected: invalid_type', 3, null, 's', 1, 1, null, null]]);
  });

  test('counts one that was missing and is refused when it comes', () => {
    using trial = new Trial();
    trial.record([event(9)], origin(3));
    trial.record([bad(1)], origin(1));
    trial.record([bad(1)], origin(1));
    assert.deepEqual(
      trial.gaps().map(([reason, events, , , , , from, to]) => [reason, events, from, to]),
      [
        ['missing', 1, 2, 2],
        ['rejected: invalid_type', 1, null, null],
      ],
    );
  });
});

describe('noteReported', () => {
  test('takes down each gap, with its source if it has one', () => {
    using trial = new Trial();
    const { store, names } = trial.database;
    const gap = { producer: 'p', epoch: 'e', since: 1, until: 2, reason: 'spool_full' };
    store.begin('normal');
    const gaps = [
      { ...gap, from: 1, to: 4, source: 'never seen before' },
      { ...gap, from: 5, to: 5 },
      { ...gap, epoch: 'other', from: 2, to: 2, reason: 'buffer_full' },
    ];
    noteReported(store.gaps, names, gaps, now);
    store.commit();
    assert.deepEqual(trial.gaps(), [
      ['spool_full', 4, 'p', 'never seen before', 1, 2, 1, 4],
      ['spool_full', 1, 'p', null, 1, 2, 5, 5],
      ['missing', 1, 'p', null, 1, 1, 1, 1],
      ['buffer_full', 1, 'p', null, 1, 2, 2, 2],
    ]);
  });
});
