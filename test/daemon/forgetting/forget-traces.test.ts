import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RemainsOfDatabase } from '../../../daemon/forgetting/clear-remains.ts';
import { forgetEvents } from '../../../daemon/forgetting/forget-events.ts';
import { clearFile, forgetUnusedNames } from '../../../daemon/forgetting/forget-traces.ts';
import type { Task } from '../../../daemon/maintenance/tasks.ts';
import { Forgettings } from '../../../daemon/storage/forgettings.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

function finish<Result>(task: Task<Result>): Result {
  for (;;) {
    const { done, value } = task.next();
    if (done === true) return value;
  }
}

describe('traces of what was forgotten', () => {
  test('are not called cleared when more was forgotten while the index was cleared', () => {
    using database = new TemporaryDatabase();
    database.append([1, 2, 3].map((n) => ({ type: 't', source: 's', timestamp: n })));
    const forget = (id: number) => finish(forgetEvents(database, { ids: [id], patternIds: [] }));
    const clear = (traces: ReturnType<Forgettings['unfinished']> | null) =>
      finish(clearFile(database, new RemainsOfDatabase(database.db), traces ?? null));
    forget(1);
    const { traces } = finish(forgetUnusedNames(database));
    // The same part of the index.
    forget(2);
    clear(traces);
    const left = new Forgettings(database.db).unfinished();
    assert.deepEqual(left, { indexParts: [0], events: 2 });
    clear(left);
    assert.equal(new Forgettings(database.db).unfinished(), undefined);
  });
});
