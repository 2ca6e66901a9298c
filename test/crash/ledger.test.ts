/** The judge of the crash tests before a judge: whatever it is there to find, it finds, and it accuses nobody else. */
import type { Database } from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Receipt } from '../../client/index.ts';
import { Ledger, type OffenceKind } from '../harness/ledger.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';

const event = (n: number) => ({
  type: `t${n % 3}`,
  source: 's',
  action: 'a',
  timestamp: 7_200 + n,
  data: { n, text: 'é' },
});
const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index));
const large = { type: 'large', source: 's', timestamp: 5, data: { text: 'x'.repeat(5_000) } };

const receipt = (stored: number, firstId: number | null, other: Partial<Receipt> = {}): Receipt => ({
  stored,
  duplicate: 0,
  rejected: [],
  firstId,
  lastId: firstId === null ? null : firstId + stored - 1,
  level: 'committed',
  persisted: true,
  ...other,
});

/** A database and a ledger that agree: ids 1 to 5 are acked, 6 is `large`, and an unknown event was stored as 7. */
class Trial {
  readonly database = new TemporaryDatabase();
  readonly ledger = new Ledger();

  constructor() {
    this.store(events(1, 5));
    this.ledger.receipt(events(1, 5), receipt(5, 1));
    this.store([large, event(7)]);
    this.ledger.acked([large]);
    this.ledger.sent([event(8)]);
    this.ledger.interrupted();
  }

  store(stored: ReturnType<typeof events> | unknown[]): void {
    this.ledger.sent(stored as ReturnType<typeof events>);
    this.database.append(stored);
  }

  /** What the judge finds once `tamper` has been at the file, without repetitions. */
  verdict(tamper: (db: Database) => void = () => undefined, expiredSeconds?: number): OffenceKind[] {
    tamper(this.database.db);
    const offences = this.ledger.judge(this.database.path, expiredSeconds);
    return [...new Set(offences.map(({ kind }) => kind))].toSorted();
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }
}

const sql = (text: string) => (db: Database) => db.exec(text);

describe('Ledger finds innocent', () => {
  test('what was acked and is there once, what is unknown and there or not, what was rejected and is not there', () => {
    using trial = new Trial();
    const { ledger } = trial;
    const refused = [{ type: '', source: 's', timestamp: 1, data: {} }, event(9)];
    ledger.sent(refused);
    ledger.receipt(
      refused,
      receipt(0, null, { duplicate: 1, rejected: [{ index: 0, code: 'invalid_type', message: '' }] }),
    );
    trial.database.append([event(9)]);
    assert.deepEqual(trial.verdict(), []);
    assert.deepEqual(ledger.totals, { sent: 10, acked: 7, rejected: 1, unknown: 2, expired: 0 });
    assert.equal(ledger.unsettled, 2);
    ledger.acked([event(7)]);
    trial.store([event(8)]);
    ledger.acked([event(8)]);
    assert.deepEqual(trial.verdict(), [], 'and after the retry');
    assert.equal(ledger.unsettled, 0);
    ledger.assertInnocent(trial.database.path);
  });

  test('an event under another spelling of the same content', () => {
    using trial = new Trial();
    const spelled = { type: 't', source: 's', timestamp: 1.5, action: null, data: { b: -0, a: [1, { d: 2, c: 3 }] } };
    trial.ledger.sent([spelled]);
    trial.database.append([{ data: { a: [1, { c: 3, d: 2 }], b: 0 }, timestamp: 1.5, source: 's', type: 't' }]);
    trial.ledger.acked([spelled]);
    assert.deepEqual(trial.verdict(), []);
  });

  test('the absence of what was acked and may have expired, and only that', () => {
    const later = 2 ** 40;
    const remove = (trial: Trial) => (db: Database) => {
      const row = { timestamp: 7_201, typeId: 2, sourceId: 1, actionId: 1 };
      const found = db.prepare('SELECT type_id AS typeId FROM event WHERE id = 1').get() as { typeId: number };
      trial.database.store.begin('normal');
      db.exec('DELETE FROM event WHERE id = 1');
      trial.database.store.noteRemoved({ ...row, ...found }, Buffer.byteLength(JSON.stringify(event(1).data)));
      trial.database.store.commit();
    };
    for (const [expiredSeconds, verdict] of [
      [later, []],
      [7_202, ['missing']],
      [undefined, ['missing']],
    ] as const) {
      using trial = new Trial();
      assert.deepEqual(trial.verdict(remove(trial), expiredSeconds), verdict, `before ${expiredSeconds}`);
    }
    using trial = new Trial();
    trial.verdict(remove(trial), later);
    trial.store([event(1)]);
    trial.ledger.acked([event(1)]);
    assert.deepEqual(trial.verdict(), [], 'a copy of a deleted event is a new event');
  });
});

describe('Ledger finds guilty', () => {
  test('a database without an acked event, though everything in it agrees', () => {
    using trial = new Trial();
    trial.ledger.sent([event(9)]);
    trial.ledger.acked([event(9)]);
    assert.deepEqual(trial.verdict(), ['missing']);
  });

  test('a database that lost an event it had, though nobody was told of it', () => {
    using trial = new Trial();
    assert.deepEqual(trial.verdict(), []);
    assert.deepEqual(trial.verdict(sql('DELETE FROM event WHERE id = 7')), ['inconsistent', 'missing']);
  });

  test('a retry that was acked and is not there', () => {
    using trial = new Trial();
    trial.ledger.acked([event(8)]);
    assert.deepEqual(trial.verdict(), ['missing']);
  });

  test('a database with a foreign event, though everything in it agrees', () => {
    using trial = new Trial();
    trial.database.append([event(9)]);
    assert.deepEqual(trial.verdict(), ['foreign']);
  });

  test('a database with a rejected event', () => {
    using trial = new Trial();
    trial.store([event(9)]);
    trial.ledger.rejected([event(9)]);
    assert.deepEqual(trial.verdict(), ['rejected']);
  });

  for (const [which, id] of [
    ['acked', 3],
    ['unknown', 7],
  ] as const) {
    test(`a database with an ${which} event twice`, () => {
      using trial = new Trial();
      const tamper = sql(`
        DROP INDEX event_identity;
        INSERT INTO event SELECT 8, timestamp, hash, type_id, source_id, action_id, arrived, processed, data
        FROM event WHERE id = ${id}`);
      assert.deepEqual(trial.verdict(tamper), ['doubled', 'inconsistent']);
    });
  }

  const alterations = {
    timestamp: 'UPDATE event SET timestamp = timestamp + 0.001 WHERE id = 3',
    type: 'UPDATE event SET type_id = type_id % 3 + 1 WHERE id = 3',
    action: 'UPDATE event SET action_id = NULL WHERE id = 3',
    data: `UPDATE event SET data = replace(data, '3', '4') WHERE id = 3`,
    'data, by one byte of its gzip':
      "UPDATE event SET data = CAST(substr(data, 1, 20) || x'00' || substr(data, 22) AS BLOB) WHERE id = 6",
    'data, to something else than JSON': "UPDATE event SET data = '{' WHERE id = 3",
  };
  for (const [what, alteration] of Object.entries(alterations)) {
    test(`a database with an event altered: ${what}`, () => {
      using trial = new Trial();
      const verdict = trial.verdict(sql(alteration));
      assert.ok(verdict.includes('altered') && verdict.includes('missing'), String(verdict));
    });
  }

  test('a database with an event under the hash of another', () => {
    using trial = new Trial();
    assert.deepEqual(trial.verdict(sql('UPDATE event SET hash = zeroblob(16) WHERE id = 3')), ['wrong hash']);
  });

  test('a receipt with the ids of other events', () => {
    const requests = { 'of ids behind': 4, 'of ids before': 2, 'of another request': 1 };
    for (const [what, firstId] of Object.entries(requests)) {
      using trial = new Trial();
      trial.ledger.receipt(events(3, 5), receipt(3, firstId));
      assert.deepEqual(trial.verdict(), ['wrong id'], what);
    }
    using trial = new Trial();
    trial.ledger.receipt([event(4), event(3)], receipt(2, 3));
    assert.deepEqual(trial.verdict(), ['wrong id'], 'of the right events in another order');
  });

  test('an id that has moved, and one that is used again', () => {
    using moved = new Trial();
    assert.deepEqual(moved.verdict(), []);
    assert.deepEqual(
      moved.verdict(
        sql(
          'UPDATE event SET id = 90 WHERE id = 5; UPDATE event SET id = 5 WHERE id = 4; UPDATE event SET id = 4 WHERE id = 90',
        ),
      ),
      ['wrong id'],
    );

    using reused = new Trial();
    assert.deepEqual(reused.verdict(), []);
    reused.ledger.sent([event(9)]);
    reused.database.append([event(9)]);
    const tamper = sql(
      'UPDATE event SET id = 90 WHERE id = 7; UPDATE event SET id = 7 WHERE id = 8; UPDATE event SET id = 8 WHERE id = 90',
    );
    assert.deepEqual(reused.verdict(tamper), ['wrong id']);
  });

  test('a receipt that contradicts itself or an earlier one', () => {
    const contradictions: { [what: string]: (ledger: Ledger) => void } = {
      'counts that are not its events': (ledger) => ledger.receipt(events(1, 5), receipt(4, 1)),
      'ids that are not its count': (ledger) => ledger.receipt(events(1, 5), receipt(5, 1, { lastId: 6 })),
      'stored, without ids': (ledger) => ledger.receipt(events(1, 5), receipt(5, null)),
      'acked, then rejected': (ledger) => ledger.rejected([event(1)]),
      'never sent': (ledger) => ledger.acked([event(99)]),
    };
    for (const [what, contradict] of Object.entries(contradictions)) {
      using trial = new Trial();
      contradict(trial.ledger);
      assert.deepEqual(trial.verdict(), ['wrong receipt'], what);
    }
  });

  const inconsistencies = {
    'an hour with too many':
      'UPDATE rollup SET recorded = recorded + 1, removed = removed + 1; UPDATE rollup SET recorded = recorded + 1',
    'an hour with too few bytes': 'UPDATE rollup SET data_bytes = data_bytes - 1 WHERE type_id = 1',
    'an hour without a rollup': 'DELETE FROM rollup WHERE type_id = 1',
    'an hour of nothing': 'INSERT INTO rollup SELECT 99, 1, 1, 0, 1, 0, 0',
    'more removed than recorded': 'UPDATE rollup SET removed = -1, recorded = recorded - 1',
    'a name with too few': "UPDATE name SET events = events - 1 WHERE kind = 'source'",
    'a name without events that has some': "INSERT INTO name (kind, id, text, events) VALUES ('action', 9, 'nine', 1)",
    'a counter of ids that is behind': "UPDATE meta SET value = value - 1 WHERE key = 'last_id'",
    'a counter of ids that is ahead': "UPDATE meta SET value = value + 1 WHERE key = 'last_id'",
    'a gap that is none':
      "INSERT INTO gap (events, since, until, reason, noticed) VALUES (1, 1, 1, 'lost_after_commit', 1)",
  };
  for (const [what, tamper] of Object.entries(inconsistencies)) {
    test(`a database with ${what}`, () => {
      using trial = new Trial();
      assert.deepEqual(trial.verdict(sql(tamper)), ['inconsistent']);
    });
  }

  test('a database with an event whose name is not in the dictionary', () => {
    using trial = new Trial();
    assert.deepEqual(trial.verdict(sql("DELETE FROM name WHERE kind = 'type' AND text = 'large'")), [
      'altered',
      'inconsistent',
      'missing',
    ]);
  });

  test('a database with an index that lacks a row', () => {
    using trial = new Trial();
    assert.deepEqual(
      trial.verdict((db) => {
        // While the schema does not know it, an index does not learn of a new row.
        const definition = db
          .prepare("SELECT * FROM sqlite_schema WHERE name = 'event_by_name'")
          .raw()
          .get() as unknown[];
        db.unsafeMode();
        db.pragma('writable_schema = ON');
        db.exec("DELETE FROM sqlite_schema WHERE name = 'event_by_name'");
        db.pragma('writable_schema = RESET');
        trial.database.reopen();
        trial.store([event(9)]);
        trial.database.db.unsafeMode();
        trial.database.db.pragma('writable_schema = ON');
        trial.database.db.prepare('INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)').run(definition);
        trial.database.db.pragma('writable_schema = RESET');
      }),
      ['inconsistent'],
    );
  });
});
