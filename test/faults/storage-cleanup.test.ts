import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { daybook, rowsOf } from '../harness/command-line.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';
import { waitFor } from '../harness/wait-for.ts';
import { waited } from '../harness/waited.ts';

const DAY = 86_400;
const MiB = 1024 * 1024;
/** A million with DAYBOOK_TEST_FACTOR=20. */
const EXPIRED = 50_000 * Number(process.env['DAYBOOK_TEST_FACTOR'] ?? 1);

/** A database whose events have all expired but the last, of which the ledger knows. */
function putExpiredEvents(home: ReturnType<typeof preparedHome>, ledger: Ledger): void {
  using database = new TemporaryDatabase();
  const nowSeconds = Math.floor(Date.now() / 1000);
  const batch = 10_000;
  for (let first = 0; first < EXPIRED; first += batch) {
    const events = Array.from({ length: batch }, (_, index) => {
      const n = first + index;
      return { type: `t${n % 7}`, source: 'old', timestamp: n, data: { n } };
    });
    database.append(events, nowSeconds - 100 * DAY);
  }
  const newest = { type: 't', source: 'new', timestamp: nowSeconds, data: { n: 0 } };
  ledger.sent([newest]);
  database.append([newest], nowSeconds);
  ledger.acked([newest]);
  database.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(database.path, home.paths.database);
}

/** Sends batches until it is told to stop. */
class Flood {
  isOver = false;
  readonly #done: Promise<void>;

  constructor(sender: JudgedClient) {
    this.#done = this.#run(sender);
  }

  async #run(sender: JudgedClient): Promise<void> {
    while (!this.isOver) await Promise.all([1, 2, 3].map(() => sender.send(sender.events(200))));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.#done;
  }
}

describe('a cleanup', () => {
  test('row 45: of very many events at full ingest: nobody waits for it, and the log stays short', async (t) => {
    using home = preparedHome();
    const ledger = new Ledger();
    putExpiredEvents(home, ledger);
    await using daemon = await DaemonProcess.start({ home: home.path });
    const { database, log } = daemon.paths;
    const flood = new Flood(new JudgedClient(daemon.connect({ clientName: 'flood' }), ledger, { source: 'flood' }));
    const bystander = new JudgedClient(daemon.connect(), ledger, { source: 'bystander' });
    const waits: number[] = [];
    let logBytes = 0;
    const isDone = () => readFileSync(log, 'utf8').includes('"msg":"cleanup done"');
    while (!isDone()) {
      waits.push(await waited(() => bystander.send(bystander.events(1))));
      logBytes = Math.max(logBytes, statSync(`${database}-wal`).size);
      await turn();
    }
    await flood.stop();
    const longest = Math.max(...waits);
    t.diagnostic(`${waits.length} receipts meanwhile, the last of them after ${longest.toFixed()} ms`);
    assert.ok(waits.length > 5);
    assert.ok(longest < 2_000, `${longest} ms`);
    assert.ok(logBytes < 80 * MiB, `${logBytes} bytes of log`);
    assert.match(readFileSync(log, 'utf8'), new RegExp(`"removed":${EXPIRED},`));
    await daemon.stop();
    ledger.assertInnocent(database);
  });

  test('row 48: and an export while events come: a file that is complete, of one moment', async () => {
    using home = preparedHome();
    const ledger = new Ledger();
    putExpiredEvents(home, ledger);
    await using daemon = await DaemonProcess.start({ home: home.path });
    const sender = new JudgedClient(daemon.connect(), ledger, { source: 'before' });
    const before = sender.events(3_000);
    for (let from = 0; from < before.length; from += 500) await sender.send(before.slice(from, from + 500));
    const flood = new Flood(new JudgedClient(daemon.connect(), ledger, { source: 'flood' }));
    const file = `${home.path}/export.ndjson`;
    const running = daybook(home.path, ['export', file]);
    const { exitCode, stderr } = await running;
    await flood.stop();
    assert.equal(exitCode, 0, stderr);

    const rows = rowsOf<{ source: string; timestamp: number; data: { n: number } }>(readFileSync(file, 'utf8'));
    assert.match(stderr, new RegExp(`^${rows.length.toLocaleString('en')} events exported$`, 'm'));
    const of = (source: string) => rows.filter((row) => row.source === source).map(({ data }) => data.n);
    // What was there before and does not expire is there, each once and in order.
    assert.deepEqual(
      of('before'),
      before.map(({ data }) => data.n),
    );
    assert.equal(of('new').length, 1);
    const flooded = of('flood');
    const old = of('old');
    assert.equal(new Set(old).size, old.length);
    await waitFor('the cleanup', () => readFileSync(daemon.paths.log, 'utf8').includes('"msg":"cleanup done"'));
    await daemon.stop();
    ledger.assertInnocent(daemon.paths.database);

    // Of what came meanwhile: all that was committed before one moment, and nothing after it.
    const db = new Sqlite(daemon.paths.database, { readonly: true });
    const byId = db.prepare<[], number>("SELECT data_json ->> 'n' FROM events WHERE source = 'flood' ORDER BY id");
    const committed = byId.pluck().all();
    db.close();
    assert.ok(committed.length >= flooded.length);
    assert.deepEqual(new Set(flooded), new Set(committed.slice(0, flooded.length)));
  });
});
