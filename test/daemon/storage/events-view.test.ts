import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { skipWithout } from '../../harness/program.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const small = { type: 'file_op', source: 'fs', action: 'create', timestamp: 1_700_000_000.25, data: { b: 1, a: 'é' } };
const large = { type: 'note', source: 'app', timestamp: 1_700_000_001, data: { text: 'long '.repeat(1000) } };

describe('the view events', () => {
  test('has the columns of the older schema, in their order', () => {
    using database = new TemporaryDatabase();
    const columns = database.db.prepare('SELECT * FROM events').columns();
    assert.deepEqual(
      columns.map(({ name }) => name),
      [
        'id',
        'timestamp',
        'event_type',
        'action',
        'source',
        'data_json',
        'data_compressed',
        'hash',
        'processed',
        'created_at',
      ],
    );
  });

  test('shows a small event with its payload as text', () => {
    using database = new TemporaryDatabase();
    database.append([small], Date.UTC(2024, 1, 29, 13, 5, 9) / 1000);
    const hash = createHash('sha256')
      .update('{"action":"create","data":{"a":"é","b":1},"source":"fs","timestamp":1700000000.25,"type":"file_op"}')
      .digest('hex')
      .slice(0, 32);
    assert.deepEqual(database.db.prepare('SELECT * FROM events').all(), [
      {
        id: 1,
        timestamp: 1_700_000_000.25,
        event_type: 'file_op',
        action: 'create',
        source: 'fs',
        data_json: '{"b":1,"a":"é"}',
        data_compressed: null,
        hash,
        processed: 0,
        created_at: '2024-02-29 13:05:09',
      },
    ]);
  });

  test('tells an event without an action from one whose action is empty', () => {
    using database = new TemporaryDatabase();
    database.append([large, { ...large, action: '' }, { ...large, action: null }]);
    assert.deepEqual(database.db.prepare('SELECT action FROM events').pluck().all(), [null, '']);
  });

  test('is read in the order that is asked for, or by the names', () => {
    using database = new TemporaryDatabase();
    const plan = (end: string) =>
      database.db
        .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN SELECT * FROM events ${end}`)
        .all()
        .map(({ detail }) => detail);
    for (const statistics of ['', 'ANALYZE']) {
      database.db.exec(statistics);
      assert.equal(plan('ORDER BY id DESC LIMIT 2')[0], 'SCAN event');
      assert.equal(plan('ORDER BY timestamp DESC LIMIT 2')[0], 'SCAN event USING INDEX event_identity');
      assert.match(plan("WHERE event_type = 'note'").join('; '), /event USING INDEX event_by_name/);
      for (const end of ['ORDER BY id DESC', 'ORDER BY timestamp']) assert.doesNotMatch(plan(end).join('; '), /TEMP/);
      database.append(Array.from({ length: 300 }, (_, n) => ({ ...small, type: `type ${n % 3}`, timestamp: n })));
    }
  });

  test('shows a large payload as a gzip that Python opens', { skip: skipWithout('python3') }, () => {
    using database = new TemporaryDatabase();
    database.append([small, large]);
    const program = `
import gzip, json, sqlite3, sys
row = sqlite3.connect(sys.argv[1]).execute(
  "SELECT data_json, data_compressed FROM events WHERE event_type = 'note'").fetchone()
assert row[0] is None
sys.stdout.write(json.loads(gzip.decompress(row[1]))["text"])
`;
    assert.equal(execFileSync('python3', ['-c', program, database.path], { encoding: 'utf8' }), large.data.text);
  });
});
