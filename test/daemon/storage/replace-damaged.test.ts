import assert from 'node:assert/strict';
import fs, { existsSync, readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { Marker } from '../../../daemon/storage/marker.ts';
import { replaceDamaged, utcStamp } from '../../../daemon/storage/replace-damaged.ts';
import { overwritePage, pageOf } from '../../harness/damaged-pages.ts';
import { GuardedTrial } from '../../harness/guarded-trial.ts';
import { seededIntegers } from '../../harness/property.ts';

const COUNT = 800;

/** A database with events in its file and in its log. A page of an index is overwritten that the log does not have. */
function damaged(): GuardedTrial {
  const trial = new GuardedTrial();
  trial.open();
  trial.append(1, COUNT - 5);
  const page = pageOf(trial.db, 'event_identity', 0);
  trial.marker.suspect();
  trial.checkpoint();
  trial.append(COUNT - 4, COUNT);
  trial.crash();
  overwritePage(trial.path, page);
  return trial;
}

/** Has the `nth` call of node:fs fail, and none after it succeed if `isTheEnd`. */
function failAt(t: TestContext, nth: number, isTheEnd: boolean): { restore: () => void } {
  let calls = 0;
  const names = ['renameSync', 'copyFileSync', 'rmSync', 'openSync', 'writeSync'] as const;
  const mocked = names.map((name) => {
    const original = fs[name] as (...args: unknown[]) => unknown;
    return t.mock.method(fs, name, (...args: unknown[]) => {
      calls += 1;
      const fails = isTheEnd ? calls >= nth : calls === nth;
      if (fails) throw Object.assign(new Error('EIO: provoked'), { code: 'EIO', syscall: name });
      return original(...args);
    });
  });
  syncBuiltinESMExports();
  return {
    restore: () => {
      for (const { mock } of mocked) mock.restore();
      syncBuiltinESMExports();
    },
  };
}

describe('replaceDamaged', () => {
  test('leaves the damaged one whole, the new one in its place, and nothing else', () => {
    using trial = damaged();
    const files = ['', '-wal', '-shm'].filter((suffix) => existsSync(trial.path + suffix));
    const bytes = new Map(files.map((suffix) => [suffix, readFileSync(trial.path + suffix)]));
    const marked = trial.marked;
    assert.ok(marked !== undefined);
    replaceDamaged(trial.path, { ...marked, setAside: null }, (...notice) => trial.notices.push(notice));
    const [aside = ''] = trial.asides();
    for (const [suffix, before] of bytes) assert.ok(readFileSync(aside + suffix).equals(before), suffix);
    assert.deepEqual(
      readdirSync(trial.directory).toSorted(),
      ['events.db', 'events.db.marker', ...files.map((suffix) => basename(aside) + suffix)].toSorted(),
    );
    assert.deepEqual(trial.marked, { ...marked, setAside: aside });
    assert.deepEqual(
      trial.notices.map(([message]) => message),
      ['the damaged database was set aside, whole', 'what could be read of the damaged database is back'],
    );
    assert.deepEqual(trial.notices[1]?.[1], { kept: COUNT, damaged: 0, from: aside });
  });

  test('can be ended anywhere, and goes on where it was', (t) => {
    using whole = damaged();
    // Every call is the last of its process, or fails once; which of both takes turns.
    const [turn = 0] = seededIntegers(t, 1, 0, 1);
    let calls = 0;
    for (let isDone = false; !isDone; ) {
      calls += 1;
      const isTheEnd = calls % 2 === turn;
      using trial = new GuardedTrial(whole);
      const { databaseId, lastId } = trial.marked ?? assert.fail();
      const database = readFileSync(trial.path);
      const log = readFileSync(`${trial.path}-wal`);
      const failing = failAt(t, calls, isTheEnd);
      try {
        trial.open();
        isDone = true;
      } catch (error) {
        assert.match(String(error), /EIO: provoked/);
      } finally {
        failing.restore();
      }
      if (!isDone) trial.open();
      const what = `${isTheEnd ? 'ended' : 'failed'} at call ${calls}`;
      assert.deepEqual([trial.databaseId, trial.marked?.lastId], [databaseId, lastId], what);
      assert.equal(trial.db.prepare('SELECT count(*) FROM event').pluck().get(), COUNT, what);
      assert.equal(trial.db.pragma('integrity_check', { simple: true }), 'ok', what);
      const [aside = '', ...more] = trial.asides();
      assert.deepEqual(more, [], what);
      assert.ok(readFileSync(aside).equals(database), what);
      assert.ok(readFileSync(`${aside}-wal`).equals(log), what);
      assert.deepEqual(trial.gaps(), [], what);
      assert.equal(trial.marked?.setAside, null, what);
    }
    assert.ok(calls > 15, `it made ${calls} calls`);
  });

  test('wants room for a copy before it reads, and takes it up again when there is some', (t) => {
    using trial = damaged();
    t.mock.method(fs, 'statfsSync', () => ({ bavail: 10, bsize: 4_096 }));
    syncBuiltinESMExports();
    for (let time = 0; time < 2; time += 1) {
      assert.throws(() => trial.open(), { code: 'damaged_database', message: /\.corrupt-\w+; .* make room/ });
    }
    t.mock.restoreAll();
    syncBuiltinESMExports();
    trial.open();
    assert.equal(trial.db.prepare('SELECT count(*) FROM event').pluck().get(), COUNT);
    assert.equal(trial.asides().length, 1);
  });

  test('keeps what was acknowledged counted, though the marker was behind', () => {
    using trial = damaged();
    const marked = trial.marked;
    assert.ok(marked !== undefined);
    Marker.write(trial.markerPath, { ...marked, lastId: 3 }).close();
    trial.open();
    assert.equal(trial.marked?.lastId, COUNT);
    assert.equal(trial.append(COUNT + 1, COUNT + 1), COUNT + 1);
  });
});

test('the time of day for a file name has no character that a shell or a file system minds', () => {
  assert.match(utcStamp(), /^\d{8}T\d{6}Z$/);
});
