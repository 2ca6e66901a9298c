import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Client, Receipt } from '../../client/index.ts';
import { killedBeforeAcknowledging } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { seededIntegers } from '../harness/property.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const perBatch = 100;
const event = (n: number) => ({ type: `t${n % 7}`, source: 's', action: 'a', timestamp: n, data: { n } });
const batch = (number: number) => Array.from({ length: perBatch }, (_, n) => event(number * perBatch + n));

/** One home, and one daemon after another on it. */
class Succession {
  readonly #home = temporaryHome();
  readonly #daemons: DaemonProcess[] = [];

  constructor(t: TestContext) {
    t.after(async () => {
      for (const daemon of this.#daemons) await daemon.stop();
      this.#home.remove();
    });
  }

  async start(nodeArguments: string[] = []): Promise<DaemonProcess> {
    const daemon = await DaemonProcess.start({ home: this.#home.path, nodeArguments });
    this.#daemons.push(daemon);
    return daemon;
  }
}

/** Sends batches, several at a time, and keeps what became of each. */
async function load(client: Client, batches: number, onReceipt: (done: number) => void): Promise<Map<number, Receipt>> {
  const receipts = new Map<number, Receipt>();
  let next = 0;
  const sender = async () => {
    while (next < batches) {
      const number = next;
      next += 1;
      receipts.set(number, await client.recordBatch(batch(number)));
      onReceipt(receipts.size);
    }
  };
  await Promise.all(Array.from({ length: 6 }, sender));
  return receipts;
}

/** Holds a database that no daemon has open against what its senders were told. */
function check(databasePath: string, events: number, receipts: ReadonlyMap<number, Receipt>): void {
  const db = new Sqlite(databasePath);
  try {
    assert.equal(db.pragma('quick_check', { simple: true }), 'ok');
    const rows = db
      .prepare<[], { id: number; n: number }>("SELECT id, data_json ->> 'n' AS n FROM events ORDER BY id")
      .all();
    assert.equal(rows.length, events);
    assert.equal(new Set(rows.map(({ n }) => n)).size, events, 'each event is there once');
    const idOf = new Map(rows.map(({ id, n }) => [n, id]));
    for (const [number, { stored, duplicate, rejected, firstId }] of receipts) {
      assert.deepEqual([stored + duplicate, rejected.length], [perBatch, 0]);
      assert.ok(stored === 0 || duplicate === 0, 'a batch is committed whole');
      if (firstId === null) continue;
      for (let n = 0; n < perBatch; n += 1) assert.equal(idOf.get(number * perBatch + n), firstId + n);
    }
    const kept = db.prepare('SELECT sum(recorded - removed) FROM rollup').pluck().get();
    const named = db.prepare("SELECT sum(events) FROM name WHERE kind = 'type'").pluck().get();
    assert.deepEqual([kept, named], [events, events]);
  } finally {
    db.close();
  }
}

describe('kill -9 of the daemon', () => {
  test('five times under load: every event is there once, and all that was acknowledged', async (t) => {
    const succession = new Succession(t);
    let daemon = await succession.start();
    const databasePath = daemon.paths.database;
    const client = daemon.connect();
    const recorder = daemon.connect({ commitAtOnce: true });
    const batches = 150;
    const moments = seededIntegers(t, 5, 5, batches - 10).toSorted((a, b) => a - b);
    t.diagnostic(`killed after ${moments.join(', ')} of ${batches} receipts`);

    let kills = Promise.resolve();
    const loaded = load(client, batches, (done) => {
      while (moments[0] !== undefined && done >= moments[0]) {
        moments.shift();
        kills = kills.then(async () => {
          await daemon.kill('SIGKILL');
          daemon = await succession.start();
        });
      }
    });
    // Events that nobody waits for, as capture processes send them.
    const single = 5_000;
    for (let n = 0; n < single; n += 1) {
      assert.ok(recorder.record(event(batches * perBatch + n)));
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const receipts = await loaded;
    await kills;
    await recorder.flush();
    const { stored, duplicate, rejected, dropped, pending } = recorder.counters;
    assert.deepEqual([stored + duplicate, rejected, dropped, pending], [single, 0, 0, 0]);
    assert.equal(receipts.size, batches);
    const listed = (await client.stats()).database_stats.total_events;
    assert.equal(listed, batches * perBatch + single);
    await daemon.kill('SIGTERM');
    check(databasePath, batches * perBatch + single, receipts);
  });

  test('between COMMIT and the receipt: the events come again and are known', async (t) => {
    for (const commits of [1, 4]) {
      const succession = new Succession(t);
      const daemon = await succession.start(killedBeforeAcknowledging(commits));
      const client = daemon.connect();
      const receipts = new Map<number, Receipt>();
      const loaded = (async () => {
        for (let number = 0; number < 6; number += 1) receipts.set(number, await client.recordBatch(batch(number)));
      })();
      loaded.catch(() => undefined);
      assert.equal((await daemon.ended).signal, 'SIGKILL');
      assert.equal(receipts.size, commits - 1);
      const next = await succession.start();
      await loaded;
      assert.deepEqual(
        [...receipts.values()].map(({ stored, duplicate }) => [stored, duplicate]),
        Array.from({ length: 6 }, (_, number) => (number === commits - 1 ? [0, perBatch] : [perBatch, 0])),
      );
      await next.kill('SIGTERM');
      check(daemon.paths.database, 6 * perBatch, receipts);
    }
  });
});
