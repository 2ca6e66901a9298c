/** A log that lost what was acknowledged while no daemon ran: the next daemon says how much, and goes on behind it. */
import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { connect } from '../../client/index.ts';
import { copyHome } from '../harness/copy-home.ts';
import { seed } from '../harness/property.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { frameBytes, logHeaderBytes } from './killed-log.ts';
import { Succession } from './succession.ts';

const COMMITS = 6;
const PER_COMMIT = 10;
const SENT = COMMITS * PER_COMMIT;

const batch = (from: number) =>
  Array.from({ length: PER_COMMIT }, (_, n) => ({ type: 't', source: 's', timestamp: from + n, data: {} }));

interface Left {
  ids: number[];
  gaps: { events: number; reason: string; since: number; until: number }[];
  quickCheck: unknown;
}

function read(databasePath: string): Left {
  const db = new Sqlite(databasePath, { readonly: true });
  try {
    return {
      ids: db.prepare<[], number>('SELECT id FROM event ORDER BY id').pluck().all(),
      gaps: db.prepare<[], Left['gaps'][number]>('SELECT events, reason, since, until FROM gap').all(),
      quickCheck: db.pragma('quick_check', { simple: true }),
    };
  } finally {
    db.close();
  }
}

const random = seededRandom(seed);
/** A frame that is neither of the first nor of the last commit, as an offset. */
const someFrame = (bytes: number) => {
  const frames = (bytes - logHeaderBytes) / frameBytes;
  return logHeaderBytes + Math.floor((0.3 + 0.5 * random()) * frames) * frameBytes;
};

const damages: { [what: string]: (logPath: string) => void } = {
  'was cut off between two frames': (path) => truncateSync(path, someFrame(statSync(path).size)),
  'was cut off inside a frame': (path) =>
    truncateSync(path, someFrame(statSync(path).size) + 1 + Math.floor(random() * 4_000)),
  'had a bit flipped': (path) => {
    const log = readFileSync(path);
    const at = someFrame(log.length) + Math.floor(random() * frameBytes);
    log.writeUInt8(log.readUInt8(at) ^ 4, at);
    writeFileSync(path, log);
  },
  'was emptied': (path) => truncateSync(path, 0),
  'was deleted': (path) => rmSync(path),
};

/** What a killed daemon left, to be damaged in several ways. */
async function killedDaemon(): Promise<Succession> {
  const succession = new Succession();
  const { database, socket } = succession.paths;
  await using client = connect({ socketPath: socket, transport: succession.transport });
  await succession.start();
  await client.recordBatch(batch(1));
  // The first commits are in the database itself.
  await succession.end('SIGTERM');
  await succession.start();
  for (let commit = 1; commit < COMMITS; commit += 1) await client.recordBatch(batch(1 + commit * PER_COMMIT));
  await succession.end('SIGKILL');
  assert.deepEqual(read(database).gaps, []);
  return succession;
}

describe('the log of a killed daemon', () => {
  let killed: Succession;
  before(async () => {
    killed = await killedDaemon();
  });
  after(() => killed[Symbol.asyncDispose]());

  for (const [what, damage] of Object.entries(damages)) {
    test(`${what}: the loss is written down, and no id is used twice`, async (t) => {
      t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
      await using succession = new Succession();
      const { database, socket } = succession.paths;
      await using client = connect({ socketPath: socket, transport: succession.transport });
      copyHome(killed.home, succession.home);
      damage(`${database}-wal`);

      await succession.start();
      const { firstId } = await client.recordBatch(batch(1_000));
      assert.equal(firstId, SENT + 1);
      await succession.end('SIGTERM');
      const { ids, gaps, quickCheck } = read(database);
      assert.equal(quickCheck, 'ok');
      const kept = ids.length - PER_COMMIT;
      t.diagnostic(`${kept} of ${SENT} events are left`);
      assert.ok(kept >= PER_COMMIT && kept < SENT && kept % PER_COMMIT === 0, 'whole commits, the oldest ones');
      assert.deepEqual(ids, [
        ...Array.from({ length: kept }, (_, n) => n + 1),
        ...batch(SENT + 1).map((_, n) => SENT + 1 + n),
      ]);
      assert.deepEqual(
        gaps.map(({ events, reason }) => ({ events, reason })),
        [{ events: SENT - kept, reason: 'lost_after_commit' }],
      );
      for (const { since, until } of gaps) assert.ok(since <= until && Math.abs(until - Date.now() / 1000) < 60);

      // Said once: later daemons have nothing to add.
      await succession.start();
      await succession.end('SIGTERM');
      assert.equal(read(database).gaps.length, 1);
    });
  }
});
