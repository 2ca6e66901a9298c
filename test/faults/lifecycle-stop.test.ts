import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { limits } from '../../shared/limits.ts';
import { threadStandsStillWhileThereIs } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { seededIntegers } from '../harness/property.ts';
import { RawClient } from '../harness/raw-client.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { backToFirstSchema } from '../harness/first-schema.ts';
import { waitFor } from '../harness/wait-for.ts';

const text = 'x'.repeat(50_000);
const event = (n: number) => ({ type: 't', source: 's', timestamp: n, data: { text } });
/** Twice the daemon's own bound: the machine is a part of it. */
const mostMs = limits.shutdownMs * 2;

/** The numbers of the events in a database that no daemon has open. */
function numbersIn(databasePath: string): number[] {
  const db = new Sqlite(databasePath, { readonly: true });
  try {
    assert.equal(db.pragma('quick_check', { simple: true }), 'ok');
    return db.prepare<[], number>('SELECT CAST(timestamp AS INTEGER) FROM events ORDER BY id').pluck().all();
  } finally {
    db.close();
  }
}

/** A daemon whose writer stands still while `busy` is there, and a client that has sent more than it takes. */
async function fullQueue(home: string, busy: string): Promise<{ daemon: DaemonProcess; raw: RawClient }> {
  const daemon = await DaemonProcess.start({ home, nodeArguments: threadStandsStillWhileThereIs(busy, 'writer') });
  const raw = await RawClient.greet(daemon.paths.socket);
  raw.send('record', 2, { events: [event(2)] });
  await raw.answer(2);
  writeFileSync(busy, '');
  for (let n = 3; n < 200; n += 1) raw.send('record', n, { events: [event(n)] });
  const other = await RawClient.greet(daemon.paths.socket);
  await waitFor('the queue to be full', async () => {
    other.frames.splice(0);
    other.send('status', 9, {});
    const { body } = await other.answer(9);
    return (body as { queue_bytes: number }).queue_bytes >= limits.ingestQueueBytesPerConnection;
  });
  other.destroy();
  return { daemon, raw };
}

/** Which requests have a receipt that says that their event is stored. */
function acknowledgedTo(raw: RawClient): number[] {
  const receipts = raw.frames.filter(({ kind, requestId }) => kind === 'reply' && requestId > 1);
  for (const { body } of receipts) assert.equal((body as { stored: number }).stored, 1);
  return receipts.map(({ requestId }) => requestId);
}

const heard = (daemon: DaemonProcess) =>
  waitFor('SIGTERM to be heard', () => readFileSync(daemon.paths.log, 'utf8').includes('"msg":"stopping"'));

describe('SIGTERM with a full queue', () => {
  test('row 44: what has arrived is committed and acknowledged, nothing more is taken, and the end is in time', async (t) => {
    using home = temporaryHome();
    const busy = join(home.path, 'busy');
    const { daemon, raw } = await fullQueue(home.path, busy);
    t.after(() => daemon.stop());
    daemon.process.kill('SIGTERM');
    await heard(daemon);
    const started = performance.now();
    await assert.rejects(RawClient.open(daemon.paths.socket), 'nobody is let in any more');
    rmSync(busy);
    const { exitCode, signal } = await daemon.ended;
    const tookMs = performance.now() - started;
    assert.deepEqual([exitCode, signal], [0, null]);
    assert.ok(tookMs < mostMs, `${tookMs} ms`);
    await raw.closed();
    const numbers = acknowledgedTo(raw);
    t.diagnostic(`${numbers.length} of 198 acknowledged, the end after ${tookMs.toFixed()} ms`);
    assert.ok(numbers.length > limits.ingestQueueBytesPerConnection / text.length / 2, `${numbers.length} receipts`);
    assert.deepEqual(numbersIn(daemon.paths.database), numbers);
  });

  test('row 44: a second one means now, and what was acknowledged before is there', async (t) => {
    using home = temporaryHome();
    const busy = join(home.path, 'busy');
    const { daemon, raw } = await fullQueue(home.path, busy);
    t.after(() => daemon.stop());
    daemon.process.kill('SIGTERM');
    await heard(daemon);
    const { exitCode, signal } = await daemon.kill('SIGTERM');
    assert.deepEqual([exitCode, signal], [0, null]);
    // The writer stands still for ever.
    assert.doesNotMatch(readFileSync(daemon.paths.log, 'utf8'), /took too long|"msg":"stopped"/);
    await raw.closed();
    const numbers = acknowledgedTo(raw);
    assert.deepEqual(numbersIn(daemon.paths.database).slice(0, numbers.length), numbers);
  });

  test('row 44: a writer that stands still for ever does not keep the daemon', async (t) => {
    using home = temporaryHome();
    const { daemon, raw } = await fullQueue(home.path, join(home.path, 'busy'));
    t.after(() => daemon.stop());
    const started = performance.now();
    const { exitCode, signal } = await daemon.kill('SIGTERM');
    const tookMs = performance.now() - started;
    assert.deepEqual([exitCode, signal], [0, null]);
    assert.ok(tookMs < mostMs, `${tookMs} ms`);
    await raw.closed();
    assert.deepEqual(numbersIn(daemon.paths.database), acknowledgedTo(raw));
  });
});

describe('SIGTERM before the daemon is ready', () => {
  test('row 44: at any moment of a start with a migration: the database is whole, before it or behind it', async (t) => {
    using home = temporaryHome();
    await using first = await DaemonProcess.start({ home: home.path });
    const { database } = first.paths;
    const count = 3_000;
    await first.connect().recordBatch(Array.from({ length: count }, (_, n) => ({ ...event(n), data: {} })));
    await first.stop();
    for (const ms of seededIntegers(t, 6, 0, 400)) {
      makeOlder(database);
      const daemon = DaemonProcess.launch({ home: home.path });
      const due = performance.now() + ms;
      await waitFor('its moment', () => performance.now() >= due);
      const { exitCode, signal } = await daemon.kill('SIGTERM');
      // Until it listens for signals it ends by the signal itself.
      assert.ok(signal === 'SIGTERM' || exitCode === 0, `${exitCode} ${signal} after ${ms} ms`);
      assert.equal(numbersIn(database).length, count);
    }
    await using last = await DaemonProcess.start({ home: home.path });
    assert.equal((await last.connect().stats()).database_stats.total_events, count);
    assert.equal((await last.connect().recordBatch([event(count)])).stored, 1);
  });
});

/** Takes a database that no daemon has open back to the schema of version 1. */
function makeOlder(path: string): void {
  const db = new Sqlite(path);
  backToFirstSchema(db);
  db.close();
}
