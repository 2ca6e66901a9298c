import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { EventInput } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { databaseInconsistencies } from '../harness/database-inconsistencies.ts';
import { filesWith } from '../harness/files-with.ts';
import { indexedTo } from '../harness/indexed-to.ts';
import { seededIntegers } from '../harness/property.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const COUNT = 3_000;
const word = 'qzkestrelqz';
const events: EventInput[] = Array.from({ length: COUNT }, (_, n) => ({
  type: n % 2 === 0 ? 'odd' : 'even',
  source: 'bird',
  timestamp: 1_000 + n,
  data: { n, text: n % 3 === 0 ? 'else' : word },
}));

describe('kill -9 while something is forgotten', () => {
  test('an event is there, or it is gone and stays gone; the next daemon clears what was left', async (t) => {
    using home = temporaryHome();
    let daemon = await DaemonProcess.start({ home: home.path });
    await daemon.connect().recordBatch(events);
    // One that starts does not wait for more to index.
    await daemon.stop();
    daemon = await DaemonProcess.start({ home: home.path });
    await waitFor('the index', () => indexedTo(daemon.paths.database) === COUNT);
    const ids = events.flatMap(({ data }, index) => (data?.['text'] === word ? [index + 1] : []));

    let left = ids.length;
    for (const [round, delayMs] of seededIntegers(t, 2, 0, 25).entries()) {
      const { databaseId } = await daemon.connect().ready();
      assert.ok(databaseId.length > 0);
      daemon
        .connect()
        .forget({ ids })
        .catch(() => undefined);
      // Once in the middle for certain: something is forgotten, and the request is not answered.
      if (round === 0) await waitFor('a first commit', () => forgotten(daemon.paths.database) > 0);
      await pause(round === 0 ? 0 : delayMs);
      await daemon.kill('SIGKILL');
      await daemon.stop();
      daemon = await DaemonProcess.start({ home: home.path });
      const client = daemon.connect();
      const { stored, duplicate, rejected } = await client.recordBatch(events);
      assert.ok(rejected.every(({ code }) => code === 'forgotten'));
      assert.deepEqual([stored, duplicate + rejected.length], [0, COUNT]);
      assert.ok(COUNT - rejected.length <= COUNT - ids.length + left, 'none has come back');
      left = ids.length - rejected.length;
      t.diagnostic(
        `killed ${round === 0 ? 'after a commit' : `after ${delayMs} ms`}: ${left} of ${ids.length} are left`,
      );
    }
    const { unfinished } = await daemon.connect().forget({ ids });
    assert.ok(unfinished || left === 0);
    // Killed before anybody has asked for the traces: the next start clears them.
    await daemon.kill('SIGKILL');
    await daemon.stop();
    if (unfinished) assert.notDeepEqual(filesWith(home.path, word), []);
    daemon = await DaemonProcess.start({ home: home.path });
    await waitFor('the traces to be cleared', () => filesWith(home.path, word).length === 0);
    await waitFor('the rest to be indexed again', () => indexedTo(daemon.paths.database) === COUNT);
    const found = [];
    for await (const event of daemon.connect().search('else')) found.push(event.id);
    assert.equal(found.length, COUNT - ids.length);
    await daemon.stop();
    const db = new Sqlite(daemon.paths.database, { readonly: true });
    t.after(() => db.close());
    assert.deepEqual(databaseInconsistencies(db), []);
    assert.equal(db.prepare('SELECT count(*) FROM forgetting WHERE ended IS NULL').pluck().get(), 0);
  });
});

/** Events that the database says were forgotten. */
function forgotten(path: string): number {
  const db = new Sqlite(path, { readonly: true });
  try {
    return db.prepare<[], number>('SELECT coalesce(sum(events), 0) FROM forgetting').pluck().get() ?? 0;
  } finally {
    db.close();
  }
}
