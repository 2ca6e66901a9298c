import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import { daybook } from '../harness/command-line.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const COUNT = 300;
const event = (n: number) => ({
  type: 't',
  source: 's',
  timestamp: n,
  // Every tenth is long enough to be compressed.
  data: { mark: `mark ${n}.`, text: n % 10 === 0 ? `${n} and again `.repeat(500) : '' },
});

/** Flips one bit of a file. */
function flip(path: string, at: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from([(readFileSync(path)[at] ?? 0) ^ 1]), 0, 1, at);
  closeSync(file);
}

/** Where the stored payload of an event is in its file. */
function payloadAt(path: string, id: number): number {
  const db = new Sqlite(path, { readonly: true });
  const data = db.prepare<[number], string | Buffer>('SELECT data FROM event WHERE id = ?').pluck().get(id);
  db.close();
  const at = readFileSync(path).indexOf(data ?? '');
  assert.ok(at > 0);
  return at;
}

describe('a bit of a payload that flips', () => {
  test('row 14: is found by daybook verify, which names the event, and costs no other', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const { database } = daemon.paths;
    const { firstId } = await daemon.connect().recordBatch(Array.from({ length: COUNT }, (_, n) => event(n + 1)));
    assert.equal(firstId, 1);
    const sound = await daybook(home.path, ['verify', '--json']);
    const { search: _search, ...found } = JSON.parse(sound.stdout) as { search: unknown };
    assert.deepEqual([sound.exitCode, found], [0, { checked: COUNT, damaged: [], structure: 'ok' }]);
    await daemon.stop();

    // One that is text, in a digit of its number; one that is compressed, in the middle of it.
    const digit = payloadAt(database, 123) + '{"mark":"mark '.length;
    flip(database, digit);
    flip(database, payloadAt(database, 200) + 30);
    const db = new Sqlite(database, { readonly: true });
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok', 'SQLite does not notice');
    db.close();

    await using next = await DaemonProcess.start({ home: home.path });
    const { exitCode, stdout, stderr } = await daybook(home.path, ['verify', '--json']);
    const findings = JSON.parse(stdout) as { checked: number; damaged: { id: number }[]; structure: string };
    assert.equal(exitCode, 1);
    assert.deepEqual(
      [findings.checked, findings.damaged.map(({ id }) => id), findings.structure],
      [COUNT, [123, 200], 'ok'],
    );
    assert.match(stderr, /daybook export/);

    // Whoever reads gets all the others as they were.
    const client = next.connect();
    const marks = new Map<number, unknown>();
    for await (const page of client.pages({ order: 'asc' })) {
      for (const { id, data } of page.events) marks.set(id, data['mark']);
    }
    for (let id = 1; id <= COUNT; id += 1) {
      if (id !== 123 && id !== 200) assert.equal(marks.get(id), `mark ${id}.`);
    }
    assert.equal((await client.recordBatch([event(COUNT + 1)])).firstId, COUNT + 1);
  });
});
