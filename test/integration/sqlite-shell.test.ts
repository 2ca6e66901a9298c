import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { skipWithout, sqliteShell } from '../harness/program.ts';

const skip = skipWithout('sqlite3');
const event = (n: number) => ({ type: n % 2 === 0 ? 'file_op' : 'app', source: 'fs', timestamp: n, data: { n } });

describe('the sqlite3 shell beside a running daemon', () => {
  test('reads the view events, with all that is acknowledged', { skip }, async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { database } = daemon.paths;
    let stored = 0;
    for (let round = 0; round < 5; round += 1) {
      const events = Array.from({ length: 300 }, (_, n) => event(round * 300 + n));
      stored += (await client.recordBatch(events)).stored;
      assert.equal(sqliteShell(database, 'SELECT count(*) FROM events;'), String(stored));
    }
    const [header, first] = sqliteShell(database, '.headers on\nSELECT * FROM events ORDER BY id LIMIT 1;').split('\n');
    assert.equal(header, 'id|timestamp|event_type|action|source|data_json|data_compressed|hash|processed|created_at');
    assert.match(first ?? '', /^1\|0\.0\|file_op\|\|fs\|{"n":0}\|\|[0-9a-f]{32}\|0\|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const counts = sqliteShell(database, 'SELECT event_type, count(*) FROM events GROUP BY event_type ORDER BY 1;');
    assert.equal(counts, 'app|750\nfile_op|750');
  });
});
