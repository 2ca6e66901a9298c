/** kill -9 of the daemon and of the processes that record: what a client has put on disk arrives, and once. */
import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../client/index.ts';
import { RunningCommand } from '../harness/command-line.ts';
import { assertNoOffences, Ledger } from '../harness/ledger.ts';
import { seed } from '../harness/property.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { rounds } from './rounds.ts';
import { spooled, spoolingClientName } from './spooled-event.ts';
import { Succession } from './succession.ts';

const SPOOL_ROUNDS = Math.ceil(rounds / 5);
const EVENTS_PER_PROCESS = 1_000_000;
const LONGEST_LIFE_MS = 600;
const LONGEST_DAEMON_MS = 2_000;
const script = fileURLToPath(new URL('./spooling-process.ts', import.meta.url));

/** The processes of one name, and what they said. */
class SpoolingProcesses {
  readonly ledger = new Ledger();
  kept = 0;
  readonly #socketPath: string;
  #count = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** One that is killed `lifeMs` after its first event. */
  async live(lifeMs: number): Promise<void> {
    this.#count += 1;
    const first = this.#count * EVENTS_PER_PROCESS;
    const args = [script, this.#socketPath, String(first), String(seed + this.#count)];
    await using running = new RunningCommand(process.execPath, args);
    await running.prints('sent');
    await pause(lifeMs);
    running.process.kill('SIGKILL');
    const { signal, stdout, stderr } = await running.ended;
    assert.equal(signal, 'SIGKILL', stderr);
    const lastOf = (word: string) =>
      Number(stdout.match(new RegExp(`${word} (\\d+)\\n(?!.*${word})`, 's'))?.[1] ?? first - 1);
    const sent = Array.from({ length: lastOf('sent') - first + 1 }, (_, n) => spooled(first + n));
    const kept = sent.slice(0, lastOf('kept') - first + 1);
    this.ledger.sent(sent);
    this.ledger.interrupted();
    // From here on they must arrive, and they have as good as a receipt.
    this.ledger.acked(kept);
    this.kept += kept.length;
  }
}

test(`kill -9 of processes that record, ${SPOOL_ROUNDS} times, while daemons come and go`, async (t) => {
  t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
  const random = seededRandom(seed);
  await using succession = new Succession();
  const { database, socket } = succession.paths;
  const processes = new SpoolingProcesses(socket);
  const { ledger } = processes;
  const over = new AbortController();
  const daemons = (async () => {
    while (!over.signal.aborted) {
      await pause(random() * LONGEST_LIFE_MS);
      await succession.start();
      await pause(random() * LONGEST_DAEMON_MS);
      await succession.end('SIGKILL');
    }
  })();
  daemons.catch(() => undefined);
  try {
    for (let round = 1; round <= SPOOL_ROUNDS; round += 1) {
      const together = random() < 0.3 ? 2 : 1;
      await Promise.all(Array.from({ length: together }, () => processes.live(random() * LONGEST_LIFE_MS)));
    }
  } finally {
    over.abort();
    await daemons;
  }
  await processes.live(LONGEST_LIFE_MS);

  await succession.start();
  await using client = connect({ socketPath: socket, clientName: spoolingClientName });
  const { stored, duplicate } = await client.recover();
  t.diagnostic(
    `sent ${ledger.totals.sent}, kept ${processes.kept}, left for the last ${stored} and ${duplicate} known`,
  );
  await succession.end('SIGTERM');
  const { arrived, torn } = endOf(database);
  t.diagnostic(`arrived ${arrived}, torn ${torn}`);
  // Of a process that was killed between two writes to its spool an event may be known, and gone with it.
  const offences = ledger.judge(database).filter(({ what }) => !/^a gap.*"spool_damaged"/.test(what));
  assertNoOffences(offences, database);
  assert.ok(torn <= ledger.totals.sent - arrived);
  assert.ok(processes.kept > SPOOL_ROUNDS && stored > 0);
});

/** How many events there are, and how many are known to have gone with their process. */
function endOf(databasePath: string): { arrived: number; torn: number } {
  const db = new Sqlite(databasePath, { readonly: true });
  try {
    const one = (sql: string) => Number(db.prepare(sql).pluck().get());
    return { arrived: one('SELECT count(*) FROM event'), torn: one('SELECT coalesce(sum(events), 0) FROM gap') };
  } finally {
    db.close();
  }
}
