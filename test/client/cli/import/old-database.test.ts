import assert from 'node:assert/strict';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { StoredEvent } from '../../../../client/index.ts';
import { daybook } from '../../../harness/command-line.ts';
import { DaemonProcess } from '../../../harness/daemon-process.ts';
import { imported } from './trial.ts';

/** As the system that Daybook follows made it. */
const SCHEMA = `
CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp REAL NOT NULL, event_type TEXT NOT NULL, action TEXT,
  source TEXT NOT NULL, data_json TEXT NOT NULL, data_compressed BLOB, hash TEXT UNIQUE, processed BOOLEAN DEFAULT FALSE,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE patterns (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id INTEGER, pattern_type TEXT NOT NULL,
  confidence REAL NOT NULL, pattern_data TEXT NOT NULL, embryo_id TEXT, created_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE system_stats (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp REAL NOT NULL, total_events INTEGER,
  events_per_second REAL, active_embryos INTEGER, avg_fitness REAL, storage_mb REAL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP);`;

type Row = readonly [
  id: number,
  timestamp: number,
  type: string,
  action: string | null,
  source: string,
  json: unknown,
  packed?: Buffer,
];

const flat = (n: number) => ({ type: 'app', action: 'focus', n, ts: 1_000 + n / 8, src: 'apps' });

function makeDatabase(file: string, rows: readonly Row[]): Database.Database {
  const database = new Database(file);
  database.exec(SCHEMA);
  const insert = database.prepare(
    'INSERT INTO events (id, timestamp, event_type, action, source, data_json, data_compressed) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const [id, timestamp, type, action, source, json, packed] of rows) {
    insert.run(id, timestamp, type, action, source, json, packed ?? null);
  }
  return database;
}

describe('import of an older events.db', () => {
  let daemon: DaemonProcess;
  before(async () => {
    daemon = await DaemonProcess.start();
  });
  after(() => daemon.stop());

  test('events, patterns at their events, samples; again, nothing is new', async () => {
    const client = daemon.connect();
    // So that no id is what it was.
    await client.recordBatch([{ type: 'other', source: 's' }]);
    const packed = { ...flat(0), text: 'x'.repeat(5_000) };
    const file = join(daemon.home, 'old.db');
    const database = makeDatabase(file, [
      ...Array.from({ length: 450 }, (_, n): Row => {
        return [10 + n, 1_000 + n / 8, 'app', 'focus', 'apps', JSON.stringify(flat(n))];
      }),
      [600, 1_000, 'app', 'focus', 'apps', '', gzipSync(JSON.stringify(packed))],
      // What it says is not what the columns say: nothing of it is left out.
      [601, 2_000, 'sys', null, 'unknown', '{"type":"sys","ts":1999,"action":null}'],
    ]);
    const pattern = database.prepare(
      'INSERT INTO patterns (event_id, pattern_type, confidence, pattern_data, embryo_id) VALUES (?, ?, ?, ?, ?)',
    );
    pattern.run(10, 'burst', 0.8, '{"paths":3}', 'embryo-1');
    pattern.run(600, 'burst', 0.5, '{}', null);
    // Two that are equal, of an event that is gone.
    pattern.run(7, 'burst', 0.5, '{}', null);
    pattern.run(7, 'burst', 0.5, '{}', null);
    database.exec(
      "INSERT INTO system_stats VALUES (1, 1790000000.5, 2000, 12.5, 30, NULL, 0.9, '2026-11-21 21:00:10')",
    );
    database.close();

    assert.deepEqual(await daybook(daemon.home, ['import', file]), {
      exitCode: 0,
      signal: null,
      stdout:
        'stored 452, duplicate 0, rejected 0\npatterns: stored 4, duplicate 0, rejected 0\nsamples: stored 1, duplicate 0, rejected 0\n',
      stderr: '',
    });
    const again = await imported(daemon, [file]);
    assert.deepEqual(again, {
      exitCode: 0,
      format: 'sqlite',
      stored: 0,
      duplicate: 452,
      rejected: 0,
      patterns: { stored: 0, duplicate: 4, rejected: 0 },
      samples: { stored: 0, duplicate: 1, rejected: 0 },
      rejections: [],
    });

    const events = await Array.fromAsync(client.events({ types: ['app', 'sys'], order: 'asc' }));
    const withoutId = ({ id: _id, ...event }: StoredEvent) => event;
    const expected: object[] = Array.from({ length: 450 }, (_, n) => {
      return { timestamp: 1_000 + n / 8, type: 'app', source: 'apps', action: 'focus', data: { n } };
    });
    expected.splice(1, 0, ...expected.slice(0, 1).map((first) => ({ ...first, data: { n: 0, text: packed.text } })));
    assert.deepEqual(events.slice(0, -1).map(withoutId), expected);
    assert.deepEqual(events.slice(-1).map(withoutId), [
      { timestamp: 2_000, type: 'sys', source: 'unknown', data: { ts: 1_999 } },
    ]);
    const patterns = await Array.fromAsync(client.patterns({ order: 'asc' }));
    assert.deepEqual(
      patterns.map(({ eventId, patternType, confidence, patternData, embryoId }) => {
        return [eventId, patternType, confidence, patternData, embryoId];
      }),
      [
        [events[0]?.id, 'burst', 0.8, '{"paths":3}', 'embryo-1'],
        [events[1]?.id, 'burst', 0.5, '{}', null],
        [null, 'burst', 0.5, '{}', null],
        [null, 'burst', 0.5, '{}', null],
      ],
    );
    const samples = await Array.fromAsync(client.samples({ until: 1_790_000_001 }));
    assert.deepEqual(
      samples.map(({ id: _id, ...sample }) => sample),
      [
        {
          timestamp: 1_790_000_000.5,
          total_events: 2_000,
          events_per_second: 12.5,
          active_embryos: 30,
          avg_fitness: null,
          storage_mb: 0.9,
        },
      ],
    );
  });

  test('rows that hold no event are named by id, and the rest goes in', async () => {
    const file = join(daemon.home, 'bad.db');
    const database = makeDatabase(file, [
      [1, 5, 'bad', 'a', 's', '{"fine":1}'],
      [2, 5, 'bad', 'a', 's', '{"cut'],
      [3, 5, 'bad', 'a', 's', '[1]'],
      [4, 5, 'bad', 'a', 's', '{"x":NaN}'],
      [5, 5, 'bad', 'a', 's', '', Buffer.from('not gzip')],
      [6, -5, 'bad', 'a', 's', '{}'],
      [7, 5, '', 'a', 's', '{}'],
      [8, 5, 'bad', 'a', 's', '', gzipSync(Buffer.alloc(20_000_000, 0x20))],
      [9, 5, 'bad', 'a', 's', '{"also":"fine"}'],
    ]);
    database.exec(`UPDATE events SET source = CAST(x'ff' AS TEXT) WHERE id = 7`);
    database.exec(`INSERT INTO patterns VALUES (1, 6, 'p', 0.5, 'no json', NULL, ''), (2, 6, 'q', 0.5, '{}', NULL, ''),
      (3, NULL, 'p', 7, '{}', NULL, '')`);
    database.exec("INSERT INTO system_stats VALUES (4, -1, NULL, NULL, NULL, NULL, NULL, '')");
    database.close();
    const { rejections, exitCode, stored, rejected } = await imported(daemon, [file]);
    assert.deepEqual([exitCode, stored, rejected], [1, 2, 7]);
    assert.deepEqual(
      rejections.map(({ code, message: _message, ...place }) => ({ ...place, code })),
      [
        { row: 2, code: 'invalid_event' },
        { row: 3, code: 'invalid_data' },
        { row: 4, code: 'invalid_event' },
        { row: 5, code: 'invalid_data' },
        { row: 6, code: 'invalid_timestamp' },
        { row: 7, code: 'invalid_utf8' },
        { row: 8, code: 'too_large' },
        { pattern: 1, code: 'invalid_request' },
        { pattern: 3, code: 'invalid_request' },
        { sample: 4, code: 'invalid_request' },
      ],
    );
  });

  test("a database of Daybook's own, while its daemon runs", async () => {
    const client = daemon.connect();
    const events = ['plain', 'packed'].map((name) => ({
      type: 'own',
      source: 's',
      timestamp: 3,
      data: { name, type: 'own', ts: 3, src: 's', text: 'x'.repeat(name === 'packed' ? 3_000 : 1) },
    }));
    await client.recordBatch(events);
    await using fresh = await DaemonProcess.start();
    const { exitCode, rejected } = await imported(fresh, [daemon.paths.database]);
    assert.deepEqual([exitCode, rejected], [0, 0]);
    const [there, here] = await Promise.all(
      [fresh, daemon].map(({ home }) => daybook(home, ['export', '-', '--format', 'ndjson'])),
    );
    assert.equal(there?.stdout, here?.stdout);
  });

  test('a database that is none of events is refused', async () => {
    const file = join(daemon.home, 'other.db');
    new Database(file).exec('CREATE TABLE other (id)').close();
    const { exitCode, stderr } = await daybook(daemon.home, ['import', file]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /other\.db has no table of events/);
  });
});
