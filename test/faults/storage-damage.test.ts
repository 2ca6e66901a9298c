import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { copyHome } from '../harness/copy-home.ts';
import { overwritePage, pageOf } from '../harness/damaged-pages.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { gapsOf } from '../harness/gaps-of.ts';
import { JudgedClient, type NumberedEvent } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { assertGapsCountWhatIsLost } from '../harness/lost-events.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const HEADER_BYTES = 16;
const PAGE_BYTES = 4_096;

const EVENTS = 3_000;

const template = temporaryHome();
const stored: NumberedEvent[] = [];
let databaseId: string;
before(async () => {
  await using daemon = await DaemonProcess.start({ home: template.path });
  const sender = new JudgedClient(daemon.connect(), new Ledger(), { text: 'x'.repeat(100) });
  while (stored.length < EVENTS) {
    const events = sender.events(500);
    await sender.send(events);
    stored.push(...events);
  }
  ({ database_id: databaseId } = await sender.client.status());
  await daemon.stop();
});
after(template.remove);

/** A home with a database of some pages, which nobody has open. */
function homeWithEvents(home: string, ledger: Ledger): { database: string; log: string } {
  copyHome(template.path, home);
  ledger.sent(stored);
  ledger.acked(stored);
  return daybookPaths({ DAYBOOK_HOME: home });
}

/** Number of a leaf page of a table or index of a closed database. */
function pageIn(path: string, name: string, index: number): number {
  const db = new Sqlite(path, { readonly: true });
  try {
    return pageOf(db, name, index);
  } finally {
    db.close();
  }
}

/** The databases that were set aside. */
function asides(database: string): string[] {
  const directory = dirname(database);
  return readdirSync(directory)
    .filter((file) => /^events\.db\.corrupt-\d{8}T\d{6}Z$/.test(file))
    .map((file) => join(directory, file));
}

describe('a damaged database', () => {
  test('row 12: with garbage for a header: set aside whole, a new one in its place, and all events are back', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    const { database, log } = homeWithEvents(home.path, ledger);
    overwritePage(database, 1, HEADER_BYTES);
    const bytes = readFileSync(database);

    await using daemon = await DaemonProcess.start({ home: home.path });
    const again = new JudgedClient(daemon.connect(), ledger);
    const [aside = '', ...more] = asides(database);
    assert.deepEqual(more, []);
    assert.ok(readFileSync(aside).equals(bytes));
    const status = await again.client.status();
    assert.deepEqual([status.database_id, status.last_id, status.gaps], [databaseId, EVENTS, 0]);
    assert.equal((await again.send()).firstId, EVENTS + 1);
    assert.match(readFileSync(log, 'utf8'), /"msg":"the damaged database was set aside, whole"/);
    await daemon.stop();
    ledger.assertInnocent(database);

    // That was all: the next start has nothing to do.
    await using next = await DaemonProcess.start({ home: home.path });
    await next.stop();
    assert.deepEqual(asides(database), [aside]);
  });

  test('row 12: with nothing but garbage: it goes on with a new one, the same ids, and a gap', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    const { database } = homeWithEvents(home.path, ledger);
    for (let page = 1; page <= statSync(database).size / PAGE_BYTES; page += 1) overwritePage(database, page);
    const bytes = readFileSync(database);
    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    assert.ok(readFileSync(asides(database)[0] ?? '').equals(bytes));
    const status = await client.status();
    assert.deepEqual([status.database_id, status.last_id, status.gaps], [databaseId, EVENTS, 1]);
    const [gap] = await gapsOf(daemon);
    assert.deepEqual([gap?.reason, gap?.count], ['damaged', 0]);
    assert.equal((await new JudgedClient(client, ledger).send()).firstId, EVENTS + 1);
  });

  test('row 13: cut off while no daemon runs: found at the start, what can be read is back, the rest is a gap', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    const { database } = homeWithEvents(home.path, ledger);
    truncateSync(database, Math.floor(statSync(database).size * 0.8));
    const bytes = readFileSync(database);
    await using daemon = await DaemonProcess.start({ home: home.path });
    assert.ok(readFileSync(asides(database)[0] ?? '').equals(bytes));
    assert.equal((await new JudgedClient(daemon.connect(), ledger).send()).firstId, EVENTS + 1);
    const gaps = await gapsOf(daemon);
    assert.ok(gaps.every(({ reason }) => reason === 'damaged'));
    await daemon.stop();
    assertGapsCountWhatIsLost(ledger, database, gaps);
  });

  test('row 13: a page that a query meets: that is refused, the daemon goes on, and the next start mends it', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    const { database } = homeWithEvents(home.path, ledger);
    overwritePage(database, pageIn(database, 'event', 5));
    const bytes = readFileSync(database);

    await using daemon = await DaemonProcess.start({ home: home.path });
    const again = new JudgedClient(daemon.connect(), ledger);
    await assert.rejects(Array.fromAsync(again.client.events({ order: 'asc' })), { code: 'storage_error' });
    assert.equal((await again.send()).firstId, EVENTS + 1);
    const ended = await daemon.stop();
    assert.equal(ended.exitCode, 0);
    assert.deepEqual(asides(database), []);

    const damaged = readFileSync(database);
    await using next = await DaemonProcess.start({ home: home.path });
    assert.ok(readFileSync(asides(database)[0] ?? '').equals(damaged) && !damaged.equals(bytes));
    const gaps = await gapsOf(next);
    const client = next.connect();
    const { length: events } = await Array.fromAsync(client.events({}));
    assert.equal(events, EVENTS + 10 - gaps.reduce((sum, { count }) => sum + count, 0));
    await next.stop();
    assertGapsCountWhatIsLost(ledger, database, gaps);
  });

  test('row 13: a page that a commit meets: nothing more is acknowledged, and the next start mends it', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    const { database } = homeWithEvents(home.path, ledger);
    // Each new event goes behind all others, in the table and in the index by time.
    overwritePage(database, pageIn(database, 'event_identity', -1));

    await using daemon = await DaemonProcess.start({ home: home.path });
    const again = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    const unacknowledged = again.events(10);
    await assert.rejects(again.send(unacknowledged));
    await waitFor('the end of the daemon', () => daemon.process.exitCode !== null);
    const { exitCode, stderr } = await daemon.ended;
    assert.equal(exitCode, 1);
    assert.match(stderr, /^daybook: commit failed: SQLITE_CORRUPT.*\n$/);

    await using next = await DaemonProcess.start({ home: home.path });
    assert.equal(asides(database).length, 1);
    const receipt = await new JudgedClient(next.connect(), ledger).send(unacknowledged);
    assert.equal(receipt.stored, 10);
    assert.deepEqual(await gapsOf(next), [], 'it was an index: all events are there');
    await next.stop();
    ledger.assertInnocent(database);
  });
});
