import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { encode } from '../../../shared/codec.ts';
import { limits } from '../../../shared/limits.ts';
import { pausesAfterSpeaking } from '../../harness/daemon-faults.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n });

/** The numbers of the events in a database that no daemon has open. */
function numbersIn(databasePath: string): number[] {
  const db = new Sqlite(databasePath);
  try {
    return db.prepare<[], number>('SELECT CAST(timestamp AS INTEGER) FROM events ORDER BY id').pluck().all();
  } finally {
    db.close();
  }
}

/** A connection whose answers are written and do not fit into the kernel's buffers. */
async function clientThatDoesNotRead(daemon: DaemonProcess): Promise<RawClient> {
  const [raw, other] = [await RawClient.greet(daemon.paths.socket), await RawClient.greet(daemon.paths.socket)];
  other.send('record', 2, { events: [{ ...event(1), data: { text: 'x'.repeat(900_000) } }] });
  await other.answer(2);
  raw.socket.pause();
  for (let id = 2; id < 8; id += 1) raw.send('query', id, {});
  // One reader answers in order. With the first answer the daemon has read the queries; with the second they are written.
  for (const id of [3, 4]) {
    other.send('query', id, {});
    await other.answer(id);
  }
  other.destroy();
  return raw;
}

describe('SIGTERM', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`ends an idle daemon with exit code 0, with nothing left but its data: ${signal}`, async () => {
      using home = temporaryHome();
      await using daemon = await DaemonProcess.start({ home: home.path });
      const raw = await RawClient.greet(daemon.paths.socket);
      raw.send('record', 2, { wait: true, events: [event(1)] });
      await raw.answer(2);
      const { exitCode } = await daemon.kill(signal);
      assert.equal(exitCode, 0);
      await raw.closed();
      assert.deepEqual(readdirSync(daemon.paths.dataDirectory).toSorted(), [
        'daybook.lock',
        'events.db',
        'events.db.lock',
        'events.db.marker',
      ]);
      assert.deepEqual(numbersIn(daemon.paths.database), [1]);
    });
  }

  test('with work in flight loses nothing that is acknowledged, and ends within its time', async (t) => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const raw = await RawClient.greet(daemon.paths.socket);
    const frames = 120;
    const perFrame = 500;
    for (let frame = 0; frame < frames; frame += 1) {
      const events = Array.from({ length: perFrame }, (_, n) => event(frame * perFrame + n));
      raw.sendBody('record', frame + 2, encode({ events }));
    }
    await raw.answer(2);
    const started = performance.now();
    const { exitCode } = await daemon.kill('SIGTERM');
    const tookMs = performance.now() - started;
    await raw.closed();
    const acknowledged = raw.frames.filter(({ kind, requestId }) => kind === 'reply' && requestId >= 2);
    t.diagnostic(`${acknowledged.length} of ${frames} requests acknowledged, ended after ${tookMs.toFixed()} ms`);
    assert.equal(exitCode, 0);
    assert.ok(tookMs < limits.shutdownMs * 2, `${tookMs} ms`);
    const stored = numbersIn(daemon.paths.database);
    const there = new Set(stored);
    assert.equal(there.size, stored.length, 'nothing is there twice');
    for (const { requestId, body } of acknowledged) {
      assert.equal((body as { stored: number }).stored, perFrame);
      for (let n = 0; n < perFrame; n += 1) assert.ok(there.has((requestId - 2) * perFrame + n));
    }
    assert.equal(stored.length, acknowledged.length * perFrame, 'what was committed was also acknowledged');
  });

  test('commits and acknowledges what nobody waited for', async () => {
    using home = temporaryHome();
    const config = { persistence: { batch_timeout: 3_600 } };
    await using daemon = await DaemonProcess.start({ home: home.path, config });
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.send('record', 2, { wait: false, events: [event(1)] });
    raw.send('record', 3, { wait: false, events: [event(2)] });
    raw.send('status', 4, {});
    await raw.answer(4);
    assert.equal(raw.frames.length, 2, 'no receipt before the commit');
    await daemon.kill('SIGTERM');
    await raw.closed();
    assert.deepEqual(
      raw.frames.slice(2).map(({ kind, requestId }) => [kind, requestId]),
      [
        ['reply', 2],
        ['reply', 3],
      ],
    );
    assert.deepEqual(numbersIn(daemon.paths.database), [1, 2]);
  });

  test('does not wait for a database that is locked by somebody else', async (t) => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const raw = await RawClient.greet(daemon.paths.socket);
    const other = new Sqlite(daemon.paths.database);
    other.exec('BEGIN IMMEDIATE');
    raw.send('record', 2, { events: [event(1)] });
    raw.send('status', 3, {});
    await raw.answer(3);
    const started = performance.now();
    const { exitCode } = await daemon.kill('SIGTERM');
    const tookMs = performance.now() - started;
    t.diagnostic(`ended after ${tookMs.toFixed()} ms`);
    other.close();
    assert.equal(exitCode, 0);
    assert.ok(tookMs < limits.shutdownMs * 2, `${tookMs} ms`);
    assert.deepEqual(numbersIn(daemon.paths.database), []);
    raw.destroy();
  });

  test('does not wait for a client that does not read', async (t) => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const raw = await clientThatDoesNotRead(daemon);
    const started = performance.now();
    const { exitCode } = await daemon.kill('SIGTERM');
    const tookMs = performance.now() - started;
    t.diagnostic(`ended after ${tookMs.toFixed()} ms`);
    assert.equal(exitCode, 0);
    assert.ok(tookMs < limits.shutdownMs * 2, `${tookMs} ms`);
    assert.match(readFileSync(daemon.paths.log, 'utf8'), /"msg":"stopped"/);
    raw.destroy();
  });

  test('a second time means at once', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const raw = await clientThatDoesNotRead(daemon);
    const log = () => readFileSync(daemon.paths.log, 'utf8');
    daemon.process.kill('SIGTERM');
    await waitFor('the first to be heard', () => log().includes('"msg":"stopping"'));
    const { exitCode } = await daemon.kill('SIGTERM');
    assert.equal(exitCode, 0);
    assert.ok(!log().includes('"msg":"stopped"'), 'it did not wait for the client');
    raw.destroy();
  });

  test('is heard from the moment the daemon says that it is ready', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path, nodeArguments: pausesAfterSpeaking(300) });
    const { exitCode, signal } = await daemon.kill('SIGTERM');
    assert.deepEqual([exitCode, signal], [0, null]);
    assert.equal(existsSync(daemon.paths.socket), false);
  });
});
