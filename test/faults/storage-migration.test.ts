import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { migrations } from '../../daemon/storage/migrate.ts';
import { backToFirstSchema } from '../harness/first-schema.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { skipWithoutFailingCalls as skip, withFailingCalls } from '../harness/failing-calls.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { seededIntegers } from '../harness/property.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';

/** A hundred thousand with DAYBOOK_TEST_FACTOR=5. */
const EVENTS = 20_000 * Number(process.env['DAYBOOK_TEST_FACTOR'] ?? 1);

/** A database of the first schema. */
function makeOldDatabase(path: string): void {
  using database = new TemporaryDatabase();
  const batch = 10_000;
  for (let first = 0; first < EVENTS; first += batch) {
    database.append(
      Array.from({ length: batch }, (_, index) => {
        const n = first + index;
        return { type: `t${n % 7}`, source: 's', timestamp: n, data: { n } };
      }),
    );
  }
  backToFirstSchema(database.db);
  database.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(database.path, path);
}

/** Version of the schema, and all that the events are. */
function contents(path: string): { version: number; integrity: unknown; digest: string } {
  const db = new Sqlite(path, { readonly: true });
  try {
    const digest = createHash('sha256');
    for (const row of db.prepare('SELECT * FROM event ORDER BY id').raw().iterate()) digest.update(String(row));
    return {
      version: Number(db.pragma('user_version', { simple: true })),
      integrity: db.pragma('integrity_check', { simple: true }),
      digest: digest.digest('hex'),
    };
  } finally {
    db.close();
  }
}

/** Starts a daemon that dies at the given write to the log. False for one that is ready with fewer. */
async function diesAtWrite(home: string, database: string, write: number): Promise<boolean> {
  const path = `${database}-wal`;
  const under = withFailingCalls({ path, calls: 'pwrite64', fault: 'signal=SIGKILL', when: String(write) });
  const daemon = DaemonProcess.launch({ home, under });
  daemon.process.stdout?.once('data', () => daemon.process.kill('SIGTERM'));
  return (await daemon.ended).signal === 'SIGKILL';
}

describe('a database of an older daybook', () => {
  test('row 21: with very many events, and crashes while it is brought up to date: it is old or new, and whole', {
    skip,
  }, async (t) => {
    using home = preparedHome();
    const { database } = home.paths;
    makeOldDatabase(database);
    const before = contents(database);
    assert.deepEqual([before.version, before.integrity], [1, 'ok']);

    for (const write of [1, 2, ...seededIntegers(t, 2, 3, 12)]) {
      const isDead = await diesAtWrite(home.path, database, write);
      t.diagnostic(`${isDead ? 'killed at' : 'ready before'} write ${write}`);
      const { version, integrity, digest } = contents(database);
      const newest = migrations().length;
      assert.ok(version === newest || (isDead && version === 1), `schema ${version}`);
      assert.deepEqual([integrity, digest], ['ok', before.digest]);
    }

    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    assert.equal((await client.stats()).database_stats.total_events, EVENTS);
    const { events } = await client.page({ order: 'desc', limit: 1 });
    assert.deepEqual(events[0]?.data, { n: EVENTS - 1 });
    await client.recordBatch([{ type: 't', source: 's', timestamp: EVENTS }]);
    assert.equal((await client.status()).gaps, 0);
    await daemon.stop();
    assert.equal(contents(database).version, migrations().length);
  });
});
