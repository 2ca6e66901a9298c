import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, mock, test } from 'node:test';
import { Checkpoints } from '../../../daemon/maintenance/checkpoints.ts';
import { limits } from '../../../shared/limits.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { waitFor } from '../../harness/wait-for.ts';

const IDLE_MS = 30_000;
const PAGE_BYTES = 4_096;
const large = (n: number) => ({
  type: 't',
  source: 's',
  timestamp: n,
  data: { digits: Array.from({ length: 300 }, (_, index) => Math.sqrt(n * 1000 + index)) },
});
const fails = (error: unknown) => assert.fail(String(error));

describe('Checkpoints', () => {
  test('fold the write-ahead log in when nothing was committed for a while, each time', async (t) => {
    using database = new TemporaryDatabase();
    // The timer of node:test cannot be refreshed, so this one is real and 1,000 times as fast.
    const { setTimeout: realSetTimeout } = globalThis;
    t.mock.method(globalThis, 'setTimeout', (run: () => void, ms = 0) => realSetTimeout(run, ms / 1000));
    let done = 0;
    const checkpoints = new Checkpoints(database.db, fails, () => {
      done += 1;
    });
    t.after(() => checkpoints.stop());
    for (let n = 0; n < 3; n += 1) {
      database.append([large(n)]);
      assert.ok(statSync(`${database.path}-wal`).size > 0);
      checkpoints.noteCommit();
      await waitFor('the log to be folded in', () => statSync(`${database.path}-wal`).size === 0);
      assert.equal(done, n + 1);
    }
  });

  test('fold in the log that another process has left, though nothing is committed', async (t) => {
    using database = new TemporaryDatabase();
    database.append([large(1)]);
    assert.ok(statSync(`${database.path}-wal`).size > 0);
    const { setTimeout: realSetTimeout } = globalThis;
    t.mock.method(globalThis, 'setTimeout', (run: () => void, ms = 0) => realSetTimeout(run, ms / 1000));
    const checkpoints = new Checkpoints(database.db, fails);
    t.after(() => checkpoints.stop());
    await waitFor('the log to be folded in', () => statSync(`${database.path}-wal`).size === 0);
  });

  test('do not wait for a reader, and leave the waiting time of the connection as it was', (t) => {
    using database = new TemporaryDatabase();
    mock.timers.enable({ apis: ['setTimeout'] });
    t.after(() => mock.timers.reset());
    // So long that no disk takes it.
    database.db.pragma('busy_timeout = 60000');
    const busyTimeout = () => Number(database.db.pragma('busy_timeout', { simple: true }));
    const timeout = busyTimeout();
    using reader = closing(new Sqlite(database.path, { readonly: true }));
    const checkpoints = new Checkpoints(database.db, fails);
    database.append([large(1)]);
    reader.db.exec('BEGIN');
    reader.db.prepare('SELECT count(*) FROM event').get();
    database.append([large(2)]);
    checkpoints.noteCommit();
    const started = performance.now();
    mock.timers.tick(IDLE_MS);
    // It would be the whole busy timeout.
    assert.ok(performance.now() - started < timeout / 2);
    assert.equal(busyTimeout(), timeout);
  });

  test('keep the log short while events come, a look after every few commits', () => {
    using database = new TemporaryDatabase();
    const checkpoints = new Checkpoints(database.db, fails);
    database.db.exec('CREATE TABLE ballast (bytes BLOB)');
    const commit = database.db.prepare('INSERT INTO ballast VALUES (zeroblob(?))');
    // In 16 commits it reaches the length at which it is moved.
    const bytes = (limits.checkpointPages / 16) * PAGE_BYTES;
    const sizes: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      commit.run(bytes);
      sizes.push(statSync(`${database.path}-wal`).size);
      checkpoints.noteCommit();
    }
    checkpoints.stop();
    const longest = Math.max(...sizes);
    assert.ok(longest > 15 * bytes, `no commit pays for a checkpoint: ${longest}`);
    assert.ok(longest < 18 * bytes, `${longest}`);
  });

  test('tell what fails, and leave the waiting time of the connection as it was', (t) => {
    using database = new TemporaryDatabase();
    mock.timers.enable({ apis: ['setTimeout'] });
    t.after(() => mock.timers.reset());
    // So long that no disk takes it.
    database.db.pragma('busy_timeout = 60000');
    const busyTimeout = () => Number(database.db.pragma('busy_timeout', { simple: true }));
    const timeout = busyTimeout();
    const failures: unknown[] = [];
    const checkpoints = new Checkpoints(database.db, (error) => failures.push(error));
    database.append([large(1)]);
    const full = new Sqlite.SqliteError('database or disk is full', 'SQLITE_FULL');
    const pragma = database.db.pragma.bind(database.db);
    const mocked = t.mock.method(database.db, 'pragma', (...args: Parameters<typeof pragma>) => {
      if (args[0].startsWith('wal_checkpoint')) throw full;
      return pragma(...args);
    });
    checkpoints.noteCommit();
    mock.timers.tick(IDLE_MS);
    mocked.mock.restore();
    assert.deepEqual([failures, busyTimeout()], [[full], timeout]);
  });

  test('tell also when the log cannot be looked at', () => {
    const database = new TemporaryDatabase();
    const failures: unknown[] = [];
    const checkpoints = new Checkpoints(database.db, (error) => failures.push(error));
    database[Symbol.dispose]();
    for (let n = 0; n < 4; n += 1) checkpoints.noteCommit();
    checkpoints.stop();
    assert.equal(failures.length, 1);
  });
});

function closing(db: Sqlite.Database): { db: Sqlite.Database; [Symbol.dispose]: () => void } {
  return { db, [Symbol.dispose]: () => db.close() };
}
