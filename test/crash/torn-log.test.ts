/** The write-ahead log cut off anywhere, or with a bit flipped anywhere: what is left is whole, and the oldest commits. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openWriter } from '../../daemon/storage/open-database.ts';
import { seed } from '../harness/property.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { contentOf, frameBytes, type KilledLog, killedLog, logHeaderBytes } from './killed-log.ts';
import { isThorough } from './rounds.ts';

const FLIPS = isThorough ? 20_000 : 150;

/** Opens a database with a log that is not what it was. Returns what is there then. */
function recovered(directory: string, database: Buffer, log: Buffer): string {
  const path = join(directory, 'events.db');
  writeFileSync(path, database);
  writeFileSync(`${path}-wal`, log);
  const db = openWriter(path);
  try {
    assert.equal(db.pragma('quick_check', { simple: true }), 'ok');
    return contentOf(db);
  } finally {
    // The log is folded back on closing; nobody needs that to survive.
    db.pragma('synchronous = OFF');
    db.close();
  }
}

/** What must be there when the log is good up to `bytes`. */
function stateAt({ states, ends }: KilledLog, bytes: number): string | undefined {
  return states[ends.filter((end) => end <= bytes).length];
}

/** Where to cut: at intervals, and around each border of a frame. */
function cuts(length: number, everyBytes: number): number[] {
  const all = Array.from({ length: length + 1 }, (_, bytes) => bytes);
  const toBorder = (bytes: number) => Math.abs(((bytes - logHeaderBytes + frameBytes + 1) % frameBytes) - 1);
  return all.filter((bytes) => bytes % everyBytes === seed % everyBytes || toBorder(bytes) <= 1);
}

for (const { kind, isReused, cutEveryBytes } of [
  { kind: 'a fresh log', isReused: false, cutEveryBytes: isThorough ? 1 : 512 },
  { kind: 'a log written over an older, longer one', isReused: true, cutEveryBytes: isThorough ? 64 : 2_048 },
]) {
  describe(kind, () => {
    const killed = killedLog(isReused);
    const { database, log, ends, states } = killed;

    test('has several commits of several frames, and nothing or much behind them', () => {
      assert.equal(new Set(states).size, states.length);
      const end = ends.at(-1) ?? 0;
      assert.ok(isReused ? log.length > end + 5 * frameBytes : log.length === end);
    });

    test('cut off: the commits before the cut are there, whole, and nothing else', (t) => {
      using home = temporaryHome();
      const offsets = cuts(log.length, cutEveryBytes);
      t.diagnostic(`DAYBOOK_TEST_SEED=${seed}: ${offsets.length} cuts of ${log.length} bytes`);
      for (const bytes of offsets) {
        const state = recovered(home.path, database, log.subarray(0, bytes));
        assert.equal(state, stateAt(killed, bytes), `cut off after ${bytes} bytes`);
      }
    });

    test('with a flipped bit: the commits before its frame are there, whole, and nothing else', (t) => {
      using home = temporaryHome();
      const random = seededRandom(seed);
      const offsets = Array.from({ length: FLIPS }, () => Math.floor(random() * log.length));
      t.diagnostic(`DAYBOOK_TEST_SEED=${seed}: ${offsets.length} flips in ${log.length} bytes`);
      for (const at of offsets) {
        const flipped = Buffer.from(log);
        const bit = Math.floor(random() * 8);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
        const frame = Math.floor((at - logHeaderBytes) / frameBytes);
        const good = at < logHeaderBytes ? 0 : logHeaderBytes + frame * frameBytes;
        assert.equal(recovered(home.path, database, flipped), stateAt(killed, good), `bit ${bit} of byte ${at}`);
      }
    });
  });
}
