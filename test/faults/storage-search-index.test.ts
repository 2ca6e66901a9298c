import assert from 'node:assert/strict';
import Sqlite from 'better-sqlite3';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { searchIndexPath } from '../../daemon/search/index-file.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { minutePassesIn } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { skipWithoutFailingCalls, withFailingCalls } from '../harness/failing-calls.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

/** More than the index waits for. */
const EVENTS = 1_200;
const DISABLED = 'events are not indexed for now';

function timesDisabled(log: string): number {
  return readFileSync(log, 'utf8').split(DISABLED).length - 1;
}

async function found(sender: JudgedClient, query: string): Promise<number> {
  let count = 0;
  for await (const _ of sender.client.search(query)) count += 1;
  return count;
}

describe('a search index that fails', () => {
  for (const error of ['EIO', 'ENOSPC'] as const) {
    test(`${error}: one warning, and every event is stored, acknowledged and found`, {
      skip: skipWithoutFailingCalls,
    }, async () => {
      using home = temporaryHome();
      const paths = daybookPaths({ DAYBOOK_HOME: home.path });
      const fault = { path: `${searchIndexPath(paths.database)}-wal`, calls: 'pwrite64', when: '20+' } as const;
      const ledger = new Ledger();
      await using daemon = await DaemonProcess.start({
        home: home.path,
        under: withFailingCalls({ ...fault, fault: `error=${error}` }),
      });
      const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger, { text: 'needle' });
      await sender.send(sender.events(EVENTS));
      await waitFor('the warning', () => timesDisabled(paths.log) > 0);
      // It is not tried again with each commit.
      for (let round = 0; round < 3; round += 1) await sender.send(sender.events(EVENTS));
      assert.equal(await found(sender, 'needle'), 4 * EVENTS);
      assert.equal((await sender.client.status()).storage, 'ok');
      assert.equal(timesDisabled(paths.log), 1);
      const ended = await daemon.stop();
      assert.deepEqual([ended.exitCode, ended.stderr], [0, '']);
      ledger.assertInnocent(paths.database);
    });
  }

  test('once it can be written again it catches up by itself', async () => {
    using home = temporaryHome();
    const paths = daybookPaths({ DAYBOOK_HOME: home.path });
    const index = searchIndexPath(paths.database);
    // Nobody can write a file in its place.
    mkdirSync(index, { recursive: true, mode: 0o700 });
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: home.path, nodeArguments: minutePassesIn(100) });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger, { text: 'needle' });
    await sender.send(sender.events(EVENTS));
    await waitFor('a second attempt', () => timesDisabled(paths.log) > 1);
    assert.equal(await found(sender, 'needle'), EVENTS);
    rmdirSync(index);
    await waitFor('the index', () => indexedTo(index) === EVENTS);
    assert.equal(await found(sender, 'needle'), EVENTS);
    const ended = await daemon.stop();
    assert.deepEqual([ended.exitCode, ended.stderr], [0, '']);
    ledger.assertInnocent(paths.database);
  });
});

/** Undefined while there is no index yet. */
function indexedTo(path: string): number | undefined {
  try {
    const db = new Sqlite(path, { readonly: true });
    try {
      return db.prepare<[], number>('SELECT max(indexed_to) FROM part').pluck().get();
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) return undefined;
    throw error;
  }
}
