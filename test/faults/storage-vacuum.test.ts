import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { statfsSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseInconsistencies } from '../harness/database-inconsistencies.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { seededIntegers } from '../harness/property.ts';
import { SmallDisk } from '../harness/small-disk.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const { skip } = SmallDisk;
const EVENTS = 10_000;
const config = { persistence: { search: false } };

async function fill(daemon: DaemonProcess, socketPath = daemon.paths.socket): Promise<void> {
  const client = daemon.connect({ socketPath });
  for (let first = 0; first < EVENTS; first += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, n) => ({
      type: 't',
      source: 's',
      timestamp: first + n,
      data: { text: `${first + n} `.padEnd(900, 'x') },
    }));
    await client.recordBatch(events);
  }
}

describe('a database that is written anew', () => {
  test('row 47: without room it is refused, and says how much it takes', { skip }, async () => {
    using elsewhere = temporaryHome();
    using disk = await SmallDisk.mount('40m');
    await using daemon = await DaemonProcess.start({ home: disk.path, under: disk.under, config });
    const socketPath = disk.seen(daemon.paths.socket);
    await fill(daemon, socketPath);
    const client = daemon.connect({ socketPath });
    await assert.rejects(client.vacuum({ full: true }), {
      code: 'disk_full',
      message: /takes \d+ MiB of room for a while, and there are \d+ MiB; nothing was changed/,
    });
    // There is room when it begins, and then somebody else takes it: half a copy is given up.
    disk.resize('100m');
    const { bavail, bsize } = statfsSync(disk.outside);
    assert.ok(bavail * bsize > 60 * 1024 * 1024);
    const refused = client.vacuum({ full: true }).then(
      () => undefined,
      (error: unknown) => error,
    );
    disk.fill();
    const outcome = (await refused) as { code: string } | undefined;
    assert.ok(outcome === undefined || outcome.code === 'disk_full', outcome?.code);
    disk.empty();
    await client.recordBatch([{ type: 'after', source: 's' }]);
    assert.equal((await client.stats()).database_stats.total_events, EVENTS + 1);
    await client.vacuum({ full: true });
    await daemon.stop();
    const db = new Sqlite(disk.copyDatabase(daemon.paths.database, elsewhere.path));
    assert.deepEqual(databaseInconsistencies(db), []);
    db.close();
  });

  test('kill -9 in the middle leaves the old one or the new one', async (t) => {
    using home = temporaryHome();
    const first = await DaemonProcess.start({ home: home.path, config });
    await fill(first);
    await first.stop();
    for (const afterMs of seededIntegers(t, 4, 0, 60)) {
      const daemon = await DaemonProcess.start({ home: home.path, config });
      const vacuum = daemon.connect({ reconnect: false }).vacuum({ full: true });
      vacuum.catch(() => undefined);
      await pause(afterMs);
      await daemon.kill('SIGKILL');
      const db = new Sqlite(daemon.paths.database);
      assert.deepEqual(databaseInconsistencies(db), []);
      assert.equal(db.prepare('SELECT count(*) FROM event').pluck().get(), EVENTS);
      db.close();
    }
    const last = await DaemonProcess.start({ home: home.path, config });
    await last.connect().vacuum({ full: true });
    assert.equal(statSync(`${last.paths.database}-wal`).size, 0, 'and its log is given back at once');
    await last.stop();
  });
});
