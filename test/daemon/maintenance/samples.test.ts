import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Samples } from '../../../daemon/maintenance/samples.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

test('a commit brings a sample along when the last one is five minutes old', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000_000_000 });
  using database = new TemporaryDatabase();
  const failures: unknown[] = [];
  let samples = new Samples(database.store, (error) => failures.push(error));
  let number = 0;
  const commitAfter = (seconds: number) => {
    t.mock.timers.setTime(Date.now() + seconds * 1000);
    number += 1;
    database.append([{ type: 'a', source: 'b', timestamp: number }]);
    samples.noteCommit();
    return database.db.prepare<[], [number, number]>('SELECT timestamp, total_events FROM system_stats').raw().all();
  };
  assert.deepEqual(commitAfter(0), []);
  assert.deepEqual(commitAfter(299), []);
  assert.deepEqual(commitAfter(1), [[1_000_000_300, 3]]);
  assert.equal(commitAfter(100).length, 1);
  // A restart goes on from the last one; a clock that was set back is no reason to wait.
  database.reopen();
  samples = new Samples(database.store, (error) => failures.push(error));
  assert.equal(commitAfter(150).length, 1);
  assert.equal(commitAfter(50).length, 2);
  assert.equal(commitAfter(-1_000).length, 3);
  assert.deepEqual(database.db.prepare('SELECT active_embryos, avg_fitness FROM system_stats LIMIT 1').raw().get(), [
    null,
    null,
  ]);

  database.db.exec('DROP TABLE system_stats');
  t.mock.timers.setTime(Date.now() + 400_000);
  samples.noteCommit();
  samples.noteCommit();
  assert.equal(failures.length, 1, 'what fails is not tried again at once');
  assert.equal(database.append([{ type: 'a', source: 'b', timestamp: 1e6 }]).stored, 1);
});
